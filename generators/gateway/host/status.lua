-- What Flatnet's own modules say at /api/status, read while a scraper waits: bounded in time and in size.

local cjson = require("cjson.safe")
local settings = require("flatnet_ops.settings")

local LARGEST = 1024 * 1024 -- bytes; it names every peer and every P2P path

-- HTTP/1.0, so that the answer comes in one piece and ends with the connection.
local REQUEST = "GET /api/status HTTP/1.0\r\nHost: flatnet\r\nAccept: application/json\r\nConnection: close\r\n\r\n"

local status = {}

local function receive(socket, deadline)
    local parts, size = {}, 0
    while size <= LARGEST do
        local left = deadline - ngx.now()
        if left <= 0 then
            return nil
        end
        socket:settimeout(math.max(1, left * 1000))
        local data, why = socket:receiveany(65536)
        if not data then
            return why == "closed" and table.concat(parts) or nil
        end
        parts[#parts + 1] = data
        size = size + #data
    end
    return nil
end

local function fetch()
    local page = settings.status
    local deadline = ngx.now() + page.timeout_ms / 1000
    local socket = ngx.socket.tcp()
    socket:settimeout(page.timeout_ms)
    if not socket:connect(page.address, page.port) then
        return nil
    end
    local answer = socket:send(REQUEST) and receive(socket, deadline)
    socket:close()
    return answer and answer:match("^HTTP/1%.[01] 200[^\r\n]*\r\n.-\r\n\r\n(.*)$")
end

local function part(of, name)
    local value = type(of) == "table" and of[name]
    return type(value) == "table" and value or {}
end

-- A count, or nil for anything else.
local function number(value)
    return type(value) == "number" and value >= 0 and value < 2 ^ 53 and value == math.floor(value) and value or nil
end

-- The facts of the page, each nil when the page does not tell it; nil when it is no status page.
-- Flatnet's routing module shows the states of the escalation too.
function status.read()
    local body = fetch()
    local page = body and cjson.decode(body)
    if type(page) ~= "table" or type(page.registry) ~= "table" then
        return nil
    end
    local states = part(page.escalation, "states")
    if not next(states) then
        states = part(part(page.routing, "escalation"), "states")
    end
    return {
        containers = not page.registry.error and number(page.registry.count) or nil,
        sync_peers = number(part(page, "sync").peer_count),
        p2p_paths = number(part(page, "healthcheck").active_p2p_count),
        escalation = function(state)
            return number(states[state])
        end,
    }
end

return status
