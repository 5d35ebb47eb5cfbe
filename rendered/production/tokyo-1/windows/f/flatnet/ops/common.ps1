# What the scripts of a task share: settings, one run at a time, files that are whole at every moment, metrics, events.
# PowerShell 5.1. Each script dot-sources this file and hands its work to Invoke-Task.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# What Windows says of a file that another process has open.
$SharingViolation = -2147024864

function Get-UnixTime {
    return [System.DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
}

function Read-Json([string] $Path) {
    return Get-Content -LiteralPath $Path -Raw -Encoding UTF8 | ConvertFrom-Json
}

# Writes beside the file and puts it in place as one step. A reader may hold the old one for a moment.
function Write-Whole([string] $Path, [string] $Text) {
    $beside = "$Path.new"
    [System.IO.File]::WriteAllText($beside, $Text, (New-Object System.Text.UTF8Encoding($false)))
    for ($try = 1; $try -le 10; $try++) {
        try {
            if ([System.IO.File]::Exists($Path)) {
                [System.IO.File]::Replace($beside, $Path, [NullString]::Value)
            } else {
                [System.IO.File]::Move($beside, $Path)
            }
            return
        } catch [System.IO.IOException] {
            if ($try -eq 10) { throw }
            Start-Sleep -Milliseconds 200
        }
    }
}

# Of a line `name{...} 12`, the 12; 0 if the file or the line is not there.
function Read-Metric([string] $Path, [string] $Name) {
    if (-not [System.IO.File]::Exists($Path)) { return 0 }
    foreach ($line in [System.IO.File]::ReadAllLines($Path)) {
        if ($line.StartsWith("$Name{")) { return [long] $line.Substring($line.LastIndexOf(' ') + 1) }
    }
    return 0
}

# How the run ended, for windows_exporter. A failed run keeps the time of the last good one.
function Write-TaskMetrics($Settings, [string] $Task, [int] $Code) {
    $metrics = $Settings.metrics
    $path = Join-Path $metrics.folder "$Task.prom"
    $now = Get-UnixTime
    $success = $now
    if ($Code -ne 0) { $success = Read-Metric $path $metrics.last_success }
    $label = '{task="' + $Task + '"}'
    $text = ''
    foreach ($fact in @(
            @($metrics.last_run, 'When the task ran last, in Unix seconds.', $now),
            @($metrics.last_success, 'When the task last ran without a failure, in Unix seconds.', $success),
            @($metrics.last_exit, 'How the last run ended: 0 well, 1 failed.', $Code))) {
        $text += "# HELP $($fact[0]) $($fact[1])`n"
        $text += "# TYPE $($fact[0]) gauge`n"
        $text += "$($fact[0])$label $($fact[2])`n"
    }
    Write-Whole $path $text
}

function Write-Event($Settings, [string] $Kind, [string] $Text) {
    $id = 1
    if ($Kind -eq 'Error') { $id = 2 }
    Write-EventLog -LogName Application -Source $Settings.source -EntryType $Kind -EventId $id -Message $Text
}

# Tells of a failure. One that no event can tell must not stop what tells it otherwise.
function Write-Failure($Settings, [string] $Text) {
    try { Write-Event $Settings 'Error' $Text } catch { Write-Warning "no event was written: $($_.Exception.Message)" }
}

# A process that ends takes its lock with it, however it ends. $null: another run holds it. A drive that cannot be
# written is a failure, and no other run.
function Open-Lock([string] $Path) {
    try {
        return [System.IO.File]::Open($Path, 'OpenOrCreate', 'ReadWrite', 'None')
    } catch [System.IO.IOException] {
        if ($_.Exception.GetBaseException().HResult -ne $SharingViolation) { throw }
        return $null
    }
}

# Runs the work under its lock and tells how it ended: exit code, an event for each failure, and metrics. The event comes
# first: a full disk, which fails the work, fails the metrics too. With -Unlocked the work is done also where no lock can
# be had: the Task Scheduler starts no second run anyway.
function Invoke-Task([string] $Task, [scriptblock] $Work, [switch] $Unlocked) {
    $settings = Read-Json (Join-Path $PSScriptRoot 'settings.json')
    $lock = $null
    $code = 0
    try {
        $lock = Open-Lock (Join-Path $settings.state "$Task.lock")
        if ($null -eq $lock) { return 0 }
    } catch {
        $code = 1
        Write-Failure $settings "$Task has no lock: $($_.Exception.Message)"
    }
    try {
        if (($null -ne $lock) -or $Unlocked) {
            try {
                $null = & $Work $settings
            } catch {
                $code = 1
                Write-Failure $settings "$Task failed: $($_.Exception.Message)"
            }
        }
        try {
            Write-TaskMetrics $settings $Task $code
        } catch {
            $code = 1
            Write-Failure $settings "$Task could not write its metrics: $($_.Exception.Message)"
        }
        return $code
    } finally {
        if ($null -ne $lock) { $lock.Dispose() }
    }
}

# Whether nginx.pid names an nginx. After a crash it names a process that is gone, or another program.
function Test-Pid([string] $Path) {
    if (-not [System.IO.File]::Exists($Path)) { return $false }
    $id = [System.IO.File]::ReadAllText($Path).Trim()
    if ($id -notmatch '^[0-9]+$') { return $false }
    $process = Get-Process -Id $id -ErrorAction SilentlyContinue
    return ($null -ne $process) -and ($process.ProcessName -eq 'nginx')
}

# Every process of our nginx. Of a process of another account, Windows does not tell the path. Those count as ours:
# where nginx.pid names the Gateway, nobody looks for them, and where it does not, an nginx that somebody started by hand
# for the Gateway is found, which would hear no signal. A failure for one of a stranger is looked at; silence is not.
function Get-Nginx($Nginx) {
    return @(Get-Process -Name 'nginx' -ErrorAction SilentlyContinue |
            Where-Object { ($null -eq $_.Path) -or ($_.Path -eq $Nginx.program) })
}

# Whether the Gateway runs. One that nginx.pid does not name hears no signal: that is a fault, and no rest. It may be
# starting, or a test of its configuration, so it is given some time.
function Test-Nginx($Nginx) {
    for ($try = 0; $try -lt $Nginx.wait_seconds; $try++) {
        if (Test-Pid $Nginx.pid) { return $true }
        if (@(Get-Nginx $Nginx).Count -eq 0) { return $false }
        Start-Sleep -Milliseconds 1000
    }
    throw "nginx runs, but $($Nginx.pid) does not name it: restart the service; nginx.conf has to name that file (pid)"
}

# Signals are named events: only the account, the -p and the -c of the running master find them.
function Invoke-Nginx($Nginx, [string[]] $Words) {
    $arguments = @($Nginx.arguments) + $Words
    & $Nginx.program @arguments
    if ($LASTEXITCODE -ne 0) { throw "nginx $($Words -join ' ') ended with $LASTEXITCODE; see error.log" }
}

# Has nginx load its configuration, and waits for the worker that has it: a master that cannot use what it reads says so
# in error.log alone, and keeps its workers. What brings a signal is an nginx too, but is gone at the second look.
function Update-Nginx($Nginx) {
    $before = @(Get-Nginx $Nginx | ForEach-Object { $_.Id })
    Invoke-Nginx $Nginx @('-s', 'reload')
    for ($try = 0; $try -lt $Nginx.wait_seconds; $try++) {
        $new = @(Get-Nginx $Nginx | Where-Object { $before -notcontains $_.Id } | ForEach-Object { $_.Id })
        Start-Sleep -Milliseconds 1000
        if (@(Get-Nginx $Nginx | Where-Object { $new -contains $_.Id }).Count -gt 0) { return }
    }
    throw "nginx did not load its configuration within $($Nginx.wait_seconds) s; see error.log"
}
