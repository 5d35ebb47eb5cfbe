# Has nginx load a certificate that was renewed: tested first, told once, tried again at each run until it holds.

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
    Invoke-Nginx $Settings.nginx @('-s', 'reload')
    Write-Whole $watch.loaded "$there`n"
    Write-Event $Settings 'Information' "nginx was told to load the certificate $($watch.file), SHA-256 $there"
})
