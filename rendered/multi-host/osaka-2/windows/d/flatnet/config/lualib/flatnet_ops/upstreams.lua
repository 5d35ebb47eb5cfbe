-- Where workloads answer. Their addresses change with every start; a script in WSL writes them to a file.

local cjson = require("cjson.safe")
local files = require("flatnet_ops.files")
local settings = require("flatnet_ops.settings")

local LARGEST = 65536 -- bytes

local names = {} -- by address; what was given out as an address keeps its name
local workloads = {} -- "workload:port" by name of the upstream
for name, upstream in pairs(settings.upstreams) do
    if upstream.workload then
        workloads[name] = upstream.workload .. ":" .. upstream.port
    else
        names[upstream.address] = name
    end
end

local addresses = {} -- "10.87.1.5:3000", by workload:port
local text, looked, problem

local function is_address(value)
    local parts = type(value) == "string" and { value:match("^(%d+)%.(%d+)%.(%d+)%.(%d+):(%d+)$") } or {}
    local port = table.remove(parts, 5)
    for _, part in ipairs(parts) do
        if #part > 3 or tonumber(part) > 255 then
            return false
        end
    end
    return port ~= nil and #port <= 5 and tonumber(port) >= 1 and tonumber(port) <= 65535
end

-- The addresses in a text, or nil and what is wrong with it.
local function parse(content)
    local read = cjson.decode(content)
    if type(read) ~= "table" then
        return nil, "is no JSON object"
    end
    local found = {}
    for workload, address in pairs(read) do
        if type(workload) ~= "string" or not is_address(address) then
            return nil, "has something else than an IPv4 address with a port for " .. tostring(workload)
        end
        found[workload] = address
    end
    return found
end

-- What was known stays in use while the file cannot be read, and the error log says so once.
local function look()
    local content, why = files.read(settings.files.upstreams, LARGEST)
    if content and content ~= text then
        local found
        found, why = parse(content)
        text = content
        addresses = found or addresses
        for name, workload in pairs(workloads) do
            if addresses[workload] then
                names[addresses[workload]] = name
            end
        end
    elseif content then
        return
    end
    if why and why ~= problem then
        ngx.log(ngx.WARN, settings.files.upstreams, " ", why, "; the addresses read before stay in use")
    end
    problem = why
end

local upstreams = {}

-- Where an upstream that is a workload answers, as "10.87.1.5:3000"; nil: nowhere. `name` is that of the settings.
-- Looks at the file at most once a second.
function upstreams.address(name)
    local now = ngx.now()
    if not looked or now - looked >= 1 or now < looked then
        looked = now
        look()
    end
    return addresses[workloads[name]]
end

-- The upstream's name in the settings by the address that nginx used, or nil.
function upstreams.name(address)
    return names[address]
end

return upstreams
