-- /heartbeat: Alertmanager posts here as long as it and Prometheus work; the dead man's switch looks at the time.

local files = require("flatnet_ops.files")
local settings = require("flatnet_ops.settings")

local path = settings.files.heartbeat
local method = ngx.req.get_method()

if method == "POST" then
    local stored, why = files.replace(path, ngx.time() .. "\n")
    if not stored then
        ngx.log(ngx.ERR, "the heartbeat cannot be written to ", path, ": ", why)
        return ngx.exit(500) -- Alertmanager tries again
    end
    return ngx.exit(204)
end
if method ~= "GET" and method ~= "HEAD" then
    ngx.header["Allow"] = "GET, HEAD, POST"
    return ngx.exit(405)
end
local content = files.read(path, 64)
if not content then
    return ngx.exit(404)
end
ngx.header["Content-Type"] = "text/plain"
ngx.print(content)
