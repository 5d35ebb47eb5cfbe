-- The log phase of a request: it is counted, and its line of the access log is made.
--
-- nginx comes here once for each request of a client, however many internal redirects and subrequests it took. This
-- runs for every request: read few variables, make few strings.

local attempts = require("flatnet_ops.attempts")
local clock = require("flatnet_ops.clock")
local json = require("flatnet_ops.json")
local labels = require("flatnet_ops.labels")
local requests = require("flatnet_ops.requests")
local settings = require("flatnet_ops.settings")

local ngx, tonumber = ngx, tonumber
local find, floor, sub = string.find, math.floor, string.sub
local escape = json.escape
local now, start_time = ngx.now, ngx.req.start_time
local sites, site_places, OTHER = labels.sites, labels.site_places, labels.OTHER
local method_places, class_place = labels.method_places, labels.class_place

local LONGEST_PATH = 2048 -- bytes
local LEVELS = { "INFO", "INFO", "INFO", "WARN", "ERROR" } -- by status class

local access = {}

-- The client's method. $request_method is not it: an error page of nginx's own is fetched with GET.
local function method_of(request)
    local space = request and find(request, " ", 1, true)
    local method = space and space <= 33 and sub(request, 1, space - 1)
    if not method or not method_places[method] and find(method, "[^A-Z_-]") then
        return OTHER
    end
    return method
end

-- What the client asked for, without what may be a secret: query, path parameters (";jsessionid=…") and fragment.
local function path_of(uri)
    if not uri then
        return ""
    end
    local cut = find(uri, "[?;#]")
    if cut or #uri > LONGEST_PATH then
        uri = sub(uri, 1, math.min((cut or #uri + 1) - 1, LONGEST_PATH))
    end
    return escape(uri)
end

-- Why there was no good answer, where nginx knows more than the status says.
local function error_of(var, status, site, upstream)
    if status == 499 then
        return "client closed the connection"
    elseif status < 100 then
        return "connection closed without an answer"
    elseif var.limit_req_status == "REJECTED" then
        return "rate limit"
    elseif var.limit_conn_status == "REJECTED" then
        return "connection limit"
    elseif status >= 500 and not upstream then
        return attempts.missing(site)
    end
    return nil
end

-- A WebSocket lasts for hours: its latency is the time until the upgrade was answered.
local function latency(var, status, ms)
    local header = status == 101 and tonumber(var.upstream_header_time)
    return header and floor(header * 1000 + 0.5) or ms
end

-- People type passwords into the field of the name, and git sends tokens in it: only an account's name is shown.
local function user_of(name)
    return settings.accounts[name] and name or OTHER
end

function access.record()
    if ngx.is_subrequest then -- with `log_subrequest on`
        return
    end
    local var = ngx.var
    local finished = now()
    local ms = floor((finished - start_time()) * 1000 + 0.5)
    if ms < 0 then -- the clock was set back
        ms = 0
    end
    local status = ngx.status
    local class = class_place(status)
    local site = site_places[var.flatnet_site] or #sites
    local known = settings.sites[sites[site]]
    local method = method_of(var.request)
    local sent = var.bytes_sent
    local upstream, upstream_ms, failure = attempts.record(var, known)
    if status >= 429 or status < 100 then
        failure = failure or error_of(var, status, known, upstream)
    end
    requests.add(
        site,
        method_places[method] or method_places[OTHER],
        class,
        latency(var, status, ms),
        tonumber(var.request_length),
        tonumber(sent)
    )

    local path = path_of(var.request_uri)
    local user = var.remote_user
    local line = '{"timestamp":"' .. clock.text(finished)
        .. '","level":"' .. LEVELS[class]
        .. '","component":"gateway","message":"' .. method .. " " .. path .. " " .. status
        .. '","request_id":"' .. escape(var.flatnet_request_id or "")
        .. '","duration_ms":' .. ms
    if failure then
        line = line .. ',"error":"' .. escape(failure) .. '"'
    end
    line = line .. ',"site":"' .. sites[site]
        .. '","method":"' .. method
        .. '","path":"' .. path
        .. '","status":' .. status
        .. ',"bytes":' .. sent
        .. ',"client":"' .. var.remote_addr .. '"'
    if user then
        line = line .. ',"user":"' .. user_of(user) .. '"'
    end
    if upstream then
        line = line .. ',"upstream":"' .. upstream .. '","upstream_ms":' .. upstream_ms
    end
    var.flatnet_line = line .. "}"
end

return access
