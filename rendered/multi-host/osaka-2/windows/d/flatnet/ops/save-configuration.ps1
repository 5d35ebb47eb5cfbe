# Keeps generations of the Gateway's configuration: a zip each time when a file of it changed. A generation counts once
# it is whole and can be read again; the oldest ones go after that.

. (Join-Path $PSScriptRoot 'common.ps1')

Add-Type -AssemblyName System.IO.Compression
Add-Type -AssemblyName System.IO.Compression.FileSystem

# Files of the configuration, by path below its folder. Keys are no part of it: they have a backup of their own.
function Get-Files($Saved) {
    $start = $Saved.folder.Length + 1
    [string[]] $found = @([System.IO.Directory]::GetFiles($Saved.folder, '*', 'AllDirectories') |
            Where-Object { -not $_.EndsWith('.key') } | ForEach-Object { $_.Substring($start) })
    [System.Array]::Sort($found, [System.StringComparer]::Ordinal)
    return $found
}

# One text that differs when a file differs, comes or goes.
function Get-Digest($Saved) {
    $lines = ''
    foreach ($name in @(Get-Files $Saved)) {
        $lines += "$((Get-FileHash -LiteralPath (Join-Path $Saved.folder $name) -Algorithm SHA256).Hash)  $name`n"
    }
    return $lines
}

function Save-Zip($Saved, [string] $Path) {
    $zip = [System.IO.Compression.ZipFile]::Open($Path, 'Create')
    try {
        foreach ($name in @(Get-Files $Saved)) {
            $source = Join-Path $Saved.folder $name
            $null = [System.IO.Compression.ZipFileExtensions]::CreateEntryFromFile($zip, $source, $name.Replace('\', '/'))
        }
    } finally {
        $zip.Dispose()
    }
}

# How many files can be read from a zip.
function Get-ZipCount([string] $Path) {
    $zip = [System.IO.Compression.ZipFile]::OpenRead($Path)
    try { return $zip.Entries.Count } finally { $zip.Dispose() }
}

function Remove-OldZips($Saved) {
    [string[]] $found = @([System.IO.Directory]::GetFiles($Saved.generations, 'config-*.zip'))
    [System.Array]::Sort($found, [System.StringComparer]::Ordinal)
    for ($index = 0; $index -lt $found.Count - $Saved.keep; $index++) { [System.IO.File]::Delete($found[$index]) }
}

exit (Invoke-Task 'save-configuration' {
    param($Settings)
    $saved = $Settings.configuration
    $digest = Get-Digest $saved
    $last = ''
    if ([System.IO.File]::Exists($saved.last)) { $last = [System.IO.File]::ReadAllText($saved.last) }
    if ($digest -eq '') { throw "$($saved.folder) holds no file: nothing is saved, and nothing that was saved is removed" }
    if ($digest -ceq $last) { return }
    $time = [System.DateTime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", [System.Globalization.CultureInfo]::InvariantCulture)
    $path = Join-Path $saved.generations "config-$time.zip"
    $beside = Join-Path $saved.generations 'unfinished.zip'
    [System.IO.File]::Delete($beside)
    Save-Zip $saved $beside
    # Changed meanwhile: half of one state and half of another is no generation. The next run sees the whole.
    if ((Get-Digest $saved) -cne $digest) {
        [System.IO.File]::Delete($beside)
        return
    }
    $count = @(Get-Files $saved).Count
    if ((Get-ZipCount $beside) -ne $count) { throw "$beside does not hold the $count files that it should" }
    [System.IO.File]::Move($beside, $path)
    Write-Whole $saved.last $digest
    Remove-OldZips $saved
    Write-Event $Settings 'Information' "saved $count files of the configuration as $path"
})
