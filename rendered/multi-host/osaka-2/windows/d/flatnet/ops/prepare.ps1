# Run as administrator, before anything else here and again after each change: folders, who may write where, and the
# name under which our scripts write to the event log.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$settings = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'settings.json') -Raw -Encoding UTF8 | ConvertFrom-Json

# A drive other than that of Windows lets every user change what lies on it: here that would be code that runs as a
# service. Ids have no language: S-1-5-18 is the system, S-1-5-32-544 Administrators, S-1-5-32-545 Users.
foreach ($folder in $settings.folders) {
    $null = [System.IO.Directory]::CreateDirectory($folder.path)
    $words = @($folder.path, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')
    $null = & icacls.exe @words @($folder.grants)
    if ($LASTEXITCODE -ne 0) { throw "icacls $($folder.path) ended with $LASTEXITCODE" }
    "OK $($folder.path)"
}

if (-not [System.Diagnostics.EventLog]::SourceExists($settings.source)) {
    New-EventLog -LogName Application -Source $settings.source
}
"OK event source $($settings.source)"
