# Keeps generations of the Gateway's configuration: a zip each time when a file of it changed. A generation counts once
# it is whole on the disk and gives back what was put into it; the oldest ones go after that.

. (Join-Path $PSScriptRoot 'common.ps1')

Add-Type -AssemblyName System.IO.Compression
Add-Type -AssemblyName System.IO.Compression.FileSystem

# Files of the configuration, by path below its folder. Keys are no part of it, whatever they are called beside the
# certificates: they have a backup of their own.
function Get-Files($Saved) {
    $start = $Saved.folder.Length + 1
    $beside = '^' + [regex]::Escape("$($Saved.certificates)\")
    [string[]] $found = @([System.IO.Directory]::GetFiles($Saved.folder, '*', 'AllDirectories') |
            Where-Object { ($_ -notmatch '\.key$') -and (($_ -notmatch $beside) -or ($_ -match '\.crt$')) } |
            ForEach-Object { $_.Substring($start) })
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
    $target = [System.IO.File]::Create($Path)
    try {
        $zip = New-Object System.IO.Compression.ZipArchive($target, [System.IO.Compression.ZipArchiveMode]::Create, $true)
        try {
            foreach ($name in @(Get-Files $Saved)) {
                $source = Join-Path $Saved.folder $name
                $entry = $name.Replace('\', '/')
                $null = [System.IO.Compression.ZipFileExtensions]::CreateEntryFromFile($zip, $source, $entry)
            }
        } finally {
            $zip.Dispose()
        }
        $target.Flush($true)
    } finally {
        $target.Dispose()
    }
}

# The same text as Get-Digest, of what can be read from a zip.
function Get-ZipDigest([string] $Path) {
    $lines = ''
    $zip = [System.IO.Compression.ZipFile]::OpenRead($Path)
    try {
        foreach ($entry in $zip.Entries) {
            $stream = $entry.Open()
            try { $hash = (Get-FileHash -InputStream $stream -Algorithm SHA256).Hash } finally { $stream.Dispose() }
            $lines += "$hash  $($entry.FullName.Replace('/', '\'))`n"
        }
    } finally {
        $zip.Dispose()
    }
    return $lines
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
    if ((Get-ZipDigest $beside) -cne $digest) { throw "$beside does not give back the files that were put into it" }
    $count = @(Get-Files $saved).Count
    [System.IO.File]::Move($beside, $path)
    Write-Whole $saved.last $digest
    Remove-OldZips $saved
    Write-Event $Settings 'Information' "saved $count files of the configuration as $path"
})
