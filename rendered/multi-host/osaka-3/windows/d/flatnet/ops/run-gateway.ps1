# What the service runs: ends what an earlier nginx has left, then runs nginx until it ends. A worker whose master has
# died goes on, with its old configuration, and keeps the ports.

. (Join-Path $PSScriptRoot 'common.ps1')

$settings = Read-Json (Join-Path $PSScriptRoot 'settings.json')
$program = $settings.nginx.program
$arguments = @($settings.nginx.arguments)

# The master, which is the oldest, comes first: it starts another worker for one that is ended. One whose path Windows
# does not tell is of another account, and may be of another program.
function Get-Leftovers([string] $Program) {
    return @(Get-Process -Name 'nginx' -ErrorAction SilentlyContinue | Where-Object { $_.Path -eq $Program } |
            Sort-Object -Property StartTime)
}

# A process that is ended takes a moment to go.
$left = @()
$why = ''
for ($try = 1; $try -le 50; $try++) {
    $left = @(Get-Leftovers $program)
    if ($left.Count -eq 0) { break }
    foreach ($process in $left) {
        "ending nginx $($process.Id)"
        try { Stop-Process -Id $process.Id -Force } catch { $why = $_.Exception.Message }
    }
    Start-Sleep -Milliseconds 200
}
if ($left.Count -gt 0) { Write-Failure $settings "nginx starts beside an earlier one that cannot be ended: $why" }

# WinSW 2.12 cannot report an end with 0 as LocalService, and would stand as running, without nginx. It asks for no code
# when it has stopped nginx itself.
& $program @arguments
if ($LASTEXITCODE -eq 0) { exit 1 }
exit $LASTEXITCODE
