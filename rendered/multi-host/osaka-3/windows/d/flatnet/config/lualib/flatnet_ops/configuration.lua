-- Whether nginx runs the configuration that lies on disk, and since when.

local files = require("flatnet_ops.files")
local settings = require("flatnet_ops.settings")
local store = require("flatnet_ops.store")

local GENERATION, SINCE = "generation", "generation_since"

local configuration = {}
local seen = false

-- Seconds since the epoch at which the running configuration was first scraped, and whether it is the one on disk:
-- false after a reload that failed or that nobody asked for. Each load has a Lua state of its own, which notes the
-- time once; the same configuration loaded again keeps its time.
function configuration.state()
    local running = ngx.var.flatnet_generation or ""
    if not seen then
        seen = true
        if store.fact(GENERATION) ~= running or not store.fact(SINCE) then
            store.note(SINCE, ngx.time())
            store.note(GENERATION, running)
        end
    end
    local on_disk = files.read(settings.files.generation, 256) or ""
    return store.fact(SINCE), running ~= "" and on_disk:match("^%s*(.-)%s*$") == running
end

return configuration
