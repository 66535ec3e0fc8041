# Runs a hook of azure.yaml on Windows: infra/hooks/hook.ps1 NAME. The hooks themselves are in tools/azd/.
param([Parameter(Mandatory)][string]$Name)
Set-Location (Join-Path $PSScriptRoot '..' '..')
foreach ($tool in 'node', 'npm') {
  if (-not (Get-Command $tool -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine("auditseal: $tool is missing: install Node 18 or newer (https://nodejs.org), and run azd again")
    exit 1
  }
}
node tools/bootstrap.mjs tools/azd/hook.ts $Name
exit $LASTEXITCODE
