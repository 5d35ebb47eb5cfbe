-- Whether nginx runs the configuration that lies on disk, and since when.

local files = require("flatnet_ops.files")
local settings = require("flatnet_ops.settings")

-- Each load of the configuration, also of the same files, is a worker with a Lua state of its own; nothing of ours runs
-- when it begins, so this is its first scrape.
local since = ngx.time()

local LARGEST = 65536 -- bytes

-- Whether nginx.conf is a copy of ours, as its first line says, and not of the one that was rendered last.
local function outdated()
    local used = files.read(settings.files.nginx_conf, LARGEST)
    local rendered = files.read(settings.files.nginx_conf_rendered, LARGEST)
    return used and rendered and used:match("^[^\r\n]+") == rendered:match("^[^\r\n]+") and used ~= rendered
end

local configuration = {}

-- Seconds since the epoch at which the running configuration was first scraped, and whether it is the one on disk:
-- false after a reload that failed or that nobody asked for, and while a new nginx.conf is not in its place.
function configuration.state()
    local running = ngx.var.flatnet_generation or ""
    local on_disk = files.read(settings.files.generation, 256) or ""
    return since, running ~= "" and on_disk:match("^%s*(.-)%s*$") == running and not outdated()
end

return configuration
