# Has nginx load a certificate that was renewed: tested first, noted once nginx has loaded it, and tried again at each run
# until then.

. (Join-Path $PSScriptRoot 'common.ps1')

exit (Invoke-Task 'watch-certificate' {
    param($Settings)
    $watch = $Settings.certificate
    $loaded = ''
    if ([System.IO.File]::Exists($watch.loaded)) { $loaded = [System.IO.File]::ReadAllText($watch.loaded).Trim() }
    $there = (Get-FileHash -LiteralPath $watch.file -Algorithm SHA256).Hash
    if ($there -eq $loaded) { return }
    if (-not (Test-Nginx $Settings.nginx)) { return }
    Invoke-Nginx $Settings.nginx @('-t')
    Update-Nginx $Settings.nginx
    Write-Whole $watch.loaded "$there`n"
    Write-Event $Settings 'Information' "nginx has loaded the certificate $($watch.file), SHA-256 $there"
})
