# Run as administrator, once for an account that is no administrator: lets the account of WSL log on as a batch job. A task
# that starts WSL before anybody signs in needs that. A group policy that sets this right wins over what is set here.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$settings = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'settings.json') -Raw -Encoding UTF8 | ConvertFrom-Json
$file = Join-Path $PSScriptRoot 'rights.inf'
$database = Join-Path $PSScriptRoot 'rights.sdb'
$right = 'SeBatchLogonRight'

$account = New-Object System.Security.Principal.NTAccount($settings.tasks.user)
$sid = "*$($account.Translate([System.Security.Principal.SecurityIdentifier]).Value)"

$null = & secedit.exe /export /areas USER_RIGHTS /cfg $file
if ($LASTEXITCODE -ne 0) { throw "secedit /export ended with $LASTEXITCODE" }
$holders = @()
foreach ($line in @(Get-Content -LiteralPath $file -Encoding Unicode)) {
    if ($line -match "^$right\s*=") {
        $holders = @($line.Split('=')[1].Split(',') | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
    }
}
if ($holders -notcontains $sid) {
    $holders += $sid
    $lines = @('[Unicode]', 'Unicode=yes', '[Version]', 'signature="$CHICAGO$"', 'Revision=1')
    $lines += @('[Privilege Rights]', "$right = $($holders -join ',')")
    Set-Content -LiteralPath $file -Value $lines -Encoding Unicode
    $null = & secedit.exe /configure /db $database /cfg $file /areas USER_RIGHTS
    if ($LASTEXITCODE -ne 0) { throw "secedit /configure ended with $LASTEXITCODE" }
    Remove-Item -LiteralPath $database
}
Remove-Item -LiteralPath $file
"OK $($settings.tasks.user) may log on as a batch job"
