# Run by the service before it starts nginx: ends what an earlier one has left. A worker whose master has died goes on,
# with its old configuration, and keeps the ports.

. (Join-Path $PSScriptRoot 'common.ps1')

$settings = Read-Json (Join-Path $PSScriptRoot 'settings.json')
foreach ($process in @(Get-Nginx $settings.nginx)) {
    "ending nginx $($process.Id)"
    Stop-Process -Id $process.Id -Force
}
