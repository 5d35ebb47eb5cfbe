# Rotates the Gateway's logs. Each step can be the last one of a killed run: the next run goes on from what lies there.
#
#   NAME                          nginx writes it
#   NAME-20261125T150000Z         a generation: renamed at that time; the newest one stays like this, because nginx may
#                                 still write to it
#   NAME-20261125T150000Z.gz.new  being compressed
#   NAME-20261125T150000Z.gz      compressed, whole
#
# NAME is missing while a generation is not compressed: nginx was not told yet, or does not run.
#
# The collector reads neither of these names but a hard link in a folder of its own, which stays with the file whatever
# it is called meanwhile: so it reads each file to its end, and goes on where it was after a stop.

. (Join-Path $PSScriptRoot 'common.ps1')

$Stamp = "yyyyMMdd'T'HHmmss'Z'"

function Get-Stamp([System.DateTime] $Time) {
    return $Time.ToUniversalTime().ToString($Stamp, [System.Globalization.CultureInfo]::InvariantCulture)
}

# What is named after a log and a time, oldest first.
function Get-Stamped($Log, [string] $Folder, [string] $End) {
    $pattern = '^' + [regex]::Escape($Log.name) + '-[0-9]{8}T[0-9]{6}Z' + $End + '$'
    [string[]] $found = @([System.IO.Directory]::GetFiles($Folder) |
            Where-Object { [System.IO.Path]::GetFileName($_) -match $pattern })
    [System.Array]::Sort($found, [System.StringComparer]::Ordinal)
    return $found
}

# Generations of a log, oldest first.
function Get-Generations($Log) {
    return Get-Stamped $Log $Log.folder '(\.gz)?'
}

# Generations that are not compressed, oldest first.
function Get-Plain($Log) {
    return @(Get-Generations $Log) | Where-Object { -not $_.EndsWith('.gz') }
}

function Get-Bytes([string] $Path) {
    return (New-Object System.IO.FileInfo($Path)).Length
}

# What a killed run left half-done: an unfinished archive, or the source of a finished one.
function Remove-Leftovers($Log) {
    foreach ($path in [System.IO.Directory]::GetFiles($Log.folder)) {
        if ($path.StartsWith("$($Log.path)-") -and $path.EndsWith('.gz.new')) { [System.IO.File]::Delete($path) }
    }
    foreach ($path in @(Get-Plain $Log)) {
        if ([System.IO.File]::Exists("$path.gz")) { [System.IO.File]::Delete($path) }
    }
}

# Large enough, or not rotated since midnight.
function Test-Due($Log) {
    if (-not [System.IO.File]::Exists($Log.path)) { return $false }
    $bytes = Get-Bytes $Log.path
    if ($bytes -eq 0) { return $false }
    if ($bytes -ge $Log.max_bytes) { return $true }
    if (-not $Log.daily) { return $false }
    $generations = @(Get-Generations $Log)
    if ($generations.Count -eq 0) { return $true }
    $midnight = "$($Log.path)-$(Get-Stamp ([System.DateTime]::Today))"
    return [string]::CompareOrdinal($generations[-1], $midnight) -lt 0
}

# Gives the file that nginx writes now its name for the collector, once.
function Add-Link($Log) {
    if ($null -eq $Log.collected) { return }
    if (-not [System.IO.File]::Exists($Log.path)) { return }
    if ((Get-Item -LiteralPath $Log.path).LinkType -eq 'HardLink') { return }
    $link = ''
    for ($later = 0; ($later -eq 0) -or [System.IO.File]::Exists($link); $later++) {
        $link = Join-Path $Log.collected "$($Log.name)-$(Get-Stamp ([System.DateTime]::UtcNow.AddSeconds($later)))"
    }
    $null = New-Item -ItemType HardLink -Path $link -Value $Log.path
}

# The collector may be a day behind, or as much as the log may take on the disk. What nginx writes and the newest
# generation always stay.
function Remove-Links($Log) {
    if ($null -eq $Log.collected) { return }
    $oldest = Join-Path $Log.collected "$($Log.name)-$(Get-Stamp ([System.DateTime]::UtcNow.AddDays(-1)))"
    $links = @(Get-Stamped $Log $Log.collected '')
    $sum = 0
    foreach ($path in $links) { $sum += Get-Bytes $path }
    for ($place = 0; $place -lt $links.Count - 2; $place++) {
        $path = $links[$place]
        if (([string]::CompareOrdinal($path, $oldest) -lt 0) -or ($sum -gt $Log.budget_bytes)) {
            $sum -= Get-Bytes $path
            [System.IO.File]::Delete($path)
        }
    }
}

function Move-Log($Log) {
    $generation = "$($Log.path)-$(Get-Stamp ([System.DateTime]::UtcNow))"
    if ([System.IO.File]::Exists($generation) -or [System.IO.File]::Exists("$generation.gz")) { return }
    [System.IO.File]::Move($Log.path, $generation)
}

function Test-Waiting($Log) {
    if ([System.IO.File]::Exists($Log.path)) { return $false }
    return @(Get-Plain $Log).Count -gt 0
}

# Windows lets nobody write to a file that is open like this, and does not open it while somebody does.
function Open-Unshared([string] $Path) {
    try {
        return [System.IO.File]::Open($Path, 'Open', 'Read', 'Read')
    } catch [System.IO.IOException] {
        return $null
    }
}

function Compress-Generation([string] $Path) {
    $source = Open-Unshared $Path
    if ($null -eq $source) { return }
    try {
        $target = [System.IO.File]::Create("$Path.gz.new")
        try {
            $mode = [System.IO.Compression.CompressionMode]::Compress
            $gzip = New-Object System.IO.Compression.GZipStream($target, $mode, $true)
            try { $source.CopyTo($gzip) } finally { $gzip.Dispose() }
            $target.Flush($true)
        } finally {
            $target.Dispose()
        }
    } finally {
        $source.Dispose()
    }
    [System.IO.File]::Move("$Path.gz.new", "$Path.gz")
    [System.IO.File]::Delete($Path)
}

# Tells nginx to open its files again, and waits until they are there. A log that stays away, and whose last generation
# nobody writes to, is no log of this configuration any more: with its generations compressed, nothing waits for it.
function Open-Logs($Rotation, $Nginx) {
    $waiting = @($Rotation.logs | Where-Object { Test-Waiting $_ })
    if ($waiting.Count -eq 0) { return }
    if (-not (Test-Nginx $Nginx)) { return }
    Invoke-Nginx $Nginx @('-s', 'reopen')
    for ($try = 0; $try -lt $Nginx.wait_seconds * 10; $try++) {
        $waiting = @($waiting | Where-Object { Test-Waiting $_ })
        if ($waiting.Count -eq 0) { return }
        Start-Sleep -Milliseconds 100
    }
    foreach ($log in $waiting) {
        foreach ($path in @(Get-Plain $log)) { Compress-Generation $path }
    }
    $waiting = @($waiting | Where-Object { Test-Waiting $_ })
    if ($waiting.Count -eq 0) { return }
    throw "nginx did not open $($waiting[0].path) again within $($Nginx.wait_seconds) s"
}

# All but the newest.
function Compress-Log($Log) {
    $generations = @(Get-Generations $Log)
    foreach ($path in @(Get-Plain $Log)) {
        if ($path -ne $generations[-1]) { Compress-Generation $path }
    }
}

# All generations and what is being written.
function Get-AllBytes($Log) {
    $sum = 0
    foreach ($path in @(Get-Generations $Log)) { $sum += Get-Bytes $path }
    if ([System.IO.File]::Exists($Log.path)) { $sum += Get-Bytes $Log.path }
    return $sum
}

# What is too old; then, while all together is too much, the oldest. The newest is never too much.
function Remove-Old($Log) {
    $oldest = "$($Log.path)-$(Get-Stamp ([System.DateTime]::UtcNow.AddDays(-$Log.keep_days)))"
    $waiting = Test-Waiting $Log
    $sum = Get-AllBytes $Log
    $generations = @(Get-Generations $Log)
    foreach ($path in $generations) {
        $newest = $path -eq $generations[-1]
        if ($newest -and $waiting) { continue }
        $old = [string]::CompareOrdinal($path, $oldest) -lt 0
        $much = ($sum -gt $Log.budget_bytes) -and -not $newest
        if ($old -or $much) {
            $sum -= Get-Bytes $path
            [System.IO.File]::Delete($path)
        }
    }
}

function Write-Sizes($Settings) {
    $name = $Settings.metrics.log_bytes
    $text = "# HELP $name Bytes of a log with all its generations.`n"
    $text += "# TYPE $name gauge`n"
    foreach ($log in $Settings.rotation.logs) {
        $text += $name + '{log="' + $log.name + '"} ' + (Get-AllBytes $log) + "`n"
    }
    Write-Whole (Join-Path $Settings.metrics.folder 'logs.prom') $text
}

# Does one step for one log; outputs why it failed. No step keeps another, or another log, from its turn.
function Invoke-Step([string] $Name, [scriptblock] $Work) {
    try { $null = & $Work } catch { return "${Name}: $($_.Exception.Message)" }
}

exit (Invoke-Task 'rotate-logs' {
    param($Settings)
    $rotation = $Settings.rotation
    $failures = @()
    foreach ($log in $rotation.logs) {
        $failures += @(Invoke-Step $log.name { Remove-Leftovers $log })
        $failures += @(Invoke-Step $log.name { Add-Link $log })
        $failures += @(Invoke-Step $log.name { if (Test-Due $log) { Move-Log $log } })
    }
    $failures += @(Invoke-Step 'opening logs' { Open-Logs $rotation $Settings.nginx })
    foreach ($log in $rotation.logs) {
        $failures += @(Invoke-Step $log.name { Add-Link $log })
        $failures += @(Invoke-Step $log.name { Remove-Links $log })
        # Before anything is compressed, which needs room.
        $failures += @(Invoke-Step $log.name { Remove-Old $log })
        $failures += @(Invoke-Step $log.name { Compress-Log $log })
    }
    $failures += @(Invoke-Step 'sizes' { Write-Sizes $Settings })
    if ($failures.Count -gt 0) { throw ($failures -join "`n") }
})
