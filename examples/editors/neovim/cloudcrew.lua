-- To lsp/cloudcrew.lua of your configuration, for Neovim 0.11 and newer; then: vim.lsp.enable('cloudcrew')
return {
  cmd = { 'cloudcrew', 'lsp' },
  filetypes = { 'yaml', 'markdown' },
  root_markers = { 'agents.yaml' },
  workspace_required = true,
}
