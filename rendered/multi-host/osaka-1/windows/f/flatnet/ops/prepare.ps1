# Run as administrator, before anything else here and again after each change: folders, who may write where, and the
# name under which our scripts write to the event log.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$settings = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'settings.json') -Raw -Encoding UTF8 | ConvertFrom-Json

# As Windows writes rights down: all, change, read and enter.
$Rights = @{ F = 'FA'; M = '0x1301bf'; RX = '0x1200a9' }

function Get-Sid([string] $Who) {
    if ($Who.StartsWith('S-1-')) { return $Who }
    $account = New-Object System.Security.Principal.NTAccount($Who)
    return $account.Translate([System.Security.Principal.SecurityIdentifier]).Value
}

# The whole list of who may do what: what was granted before is gone, and nothing comes from the folder above.
function Set-Rights([string] $Path, $Grants) {
    $list = "O:BAD:P(A;OICI;$($Rights.F);;;SY)(A;OICI;$($Rights.F);;;BA)"
    foreach ($grant in $Grants) { $list += "(A;OICI;$($Rights[$grant.may]);;;$(Get-Sid $grant.who))" }
    $acl = New-Object System.Security.AccessControl.DirectorySecurity
    $acl.SetSecurityDescriptorSddlForm($list, 'Access, Owner')
    [System.IO.Directory]::SetAccessControl($Path, $acl)
}

# A drive other than that of Windows lets every user change what lies on it: here that would be code that runs as a
# service. Whoever unpacked a file owns it and could give himself rights; rights of a file of its own would stay. Those of
# a secret have to.
foreach ($folder in $settings.folders) { $null = [System.IO.Directory]::CreateDirectory($folder.path) }
$null = & icacls.exe $settings.folder '/setowner' '*S-1-5-32-544' '/T' '/Q'
if ($LASTEXITCODE -ne 0) { throw "icacls /setowner $($settings.folder) ended with $LASTEXITCODE" }
foreach ($folder in $settings.reset.folders) {
    foreach ($path in [System.IO.Directory]::GetFileSystemEntries($folder)) {
        if ($path -eq $settings.reset.except) { continue }
        $null = & icacls.exe $path '/reset' '/T' '/Q'
        if ($LASTEXITCODE -ne 0) { throw "icacls /reset $path ended with $LASTEXITCODE" }
    }
}
foreach ($folder in $settings.folders) {
    Set-Rights $folder.path $folder.grants
    "OK $($folder.path)"
}

if (-not [System.Diagnostics.EventLog]::SourceExists($settings.source)) {
    New-EventLog -LogName Application -Source $settings.source
}
"OK event source $($settings.source)"
