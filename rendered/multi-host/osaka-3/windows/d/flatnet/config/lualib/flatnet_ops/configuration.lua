-- Whether nginx runs the configuration that lies on disk, and since when.

local files = require("flatnet_ops.files")
local settings = require("flatnet_ops.settings")

-- Each load of the configuration, also of the same files, is a worker with a Lua state of its own; nothing of ours runs
-- when it begins, so this is its first scrape.
local since = ngx.time()

local configuration = {}

-- Seconds since the epoch at which the running configuration was first scraped, and whether it is the one on disk:
-- false after a reload that failed or that nobody asked for.
function configuration.state()
    local running = ngx.var.flatnet_generation or ""
    local on_disk = files.read(settings.files.generation, 256) or ""
    return since, running ~= "" and on_disk:match("^%s*(.-)%s*$") == running
end

return configuration
