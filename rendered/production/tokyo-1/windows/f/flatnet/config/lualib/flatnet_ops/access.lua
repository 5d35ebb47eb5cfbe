-- The log phase of a request: it is counted, and its line of the access log is made.
--
-- nginx comes here once for each request of a client, however many internal redirects and subrequests it took.
--
-- This runs for every request, so it is written for LuaJIT's compiler, which compiles `record` as one straight piece:
-- no loops and no patterns on the usual way, few variables (each is a call), few strings. Each tail call counts as a
-- loop to it, and 15 are the end; `return (f())` is none, but each read of an nginx variable is one.

local attempts = require("flatnet_ops.attempts")
local clock = require("flatnet_ops.clock")
local json = require("flatnet_ops.json")
local labels = require("flatnet_ops.labels")
local requests = require("flatnet_ops.requests")
local settings = require("flatnet_ops.settings")

local ngx, tonumber = ngx, tonumber
local byte, find, sub = string.byte, string.find, string.sub
local floor, max, min = math.floor, math.max, math.min
local escape = json.escape
local now, start_time, around, milliseconds = ngx.now, ngx.req.start_time, clock.around, clock.milliseconds
local add = requests.add
local sites, site_places, OTHER = labels.sites, labels.site_places, labels.OTHER
local methods, method_places, class_place = labels.methods, labels.method_places, labels.class_place

local LONGEST_PATH = 2048 -- bytes
local SLASH = 47
local PLAIN_ENDS = "[^!$-:<->@-[%]^-~]" -- bytes that end a path, or that JSON cannot hold as they are
local ENDS = { [32] = true, [35] = true, [59] = true, [63] = true } -- space # ; ?
local LEVELS = { "INFO", "INFO", "INFO", "WARN", "ERROR" } -- by status class

local access = {}

-- Method and path where they are not the plain ones of nearly every request: a request line that is none, an absolute
-- address, bytes that need an escape, a path beyond all measure.
local function unusual(var, request, space)
    local method = space and space <= 33 and sub(request, 1, space - 1)
    if not method or find(method, "[^A-Z_-]") then
        return OTHER, ""
    end
    local target = sub(request, space + 1)
    if byte(target) ~= SLASH then -- https://host/path, or *
        target = var.request_uri or ""
    end
    local length = (find(target, "[ ?;#]") or #target + 1) - 1
    local path = escape(sub(target, 1, min(length, LONGEST_PATH)))
    return method, path
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
        return (attempts.missing(site))
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
    local finished, status = now(), ngx.status
    local ms = max(0, floor((finished - start_time()) * 1000 + 0.5)) -- the clock may have been set back
    -- The map of $flatnet_request_id lets through what is safe in JSON, and nothing else.
    local id, client, user = var.flatnet_request_id or "", var.remote_addr, var.remote_user
    local received, sent = var.request_length, var.bytes_sent
    local addresses, statuses, seconds = var.upstream_addr, var.upstream_status, var.upstream_response_time
    local site = site_places[var.flatnet_site] or #sites
    local name = sites[site]
    local known = settings.sites[name]
    local class = class_place(status)

    -- Method and path as the client sent them: after an error page, nginx's own variables speak of the page.
    -- Of the path, what may be a secret is cut off: query, path parameters (";jsessionid=…") and fragment.
    local request = var.request or ""
    local space = find(request, " ", 1, true) or 0
    local stop = find(request, PLAIN_ENDS, space + 1) or 0 -- its end, or what is no plain text
    local method, path
    local place = method_places[sub(request, 1, space - 1)]
    if place and byte(request, space + 1) == SLASH and stop - space <= LONGEST_PATH and ENDS[byte(request, stop)] then
        method, path = methods[place], sub(request, space + 1, stop - 1)
    else
        method, path = unusual(var, request, space > 0 and space)
        place = method_places[method] or method_places[OTHER]
    end

    local upstream, upstream_ms, failure = attempts.record(var, addresses, statuses, seconds, known)
    if status >= 429 or status < 100 then
        failure = failure or error_of(var, status, known, upstream)
    end
    add(site, place, class, latency(var, status, ms), tonumber(received), tonumber(sent))

    local second, zone = around(finished)
    local line = '{"timestamp":"' .. second .. milliseconds[floor(finished * 1000 + 0.5) % 1000 + 1] .. zone
        .. '","level":"' .. LEVELS[class]
        .. '","component":"gateway","message":"' .. method .. " " .. path .. " " .. status
        .. '","request_id":"' .. id
        .. '","duration_ms":' .. ms .. (failure and ',"error":"' .. escape(failure) .. '"' or "")
        .. ',"site":"' .. name
        .. '","method":"' .. method
        .. '","path":"' .. path
        .. '","status":' .. status
        .. ',"bytes":' .. sent
        .. ',"client":"' .. client
        .. (user and '","user":"' .. user_of(user) or "")
        .. (upstream and '","upstream":"' .. upstream .. '","upstream_ms":' .. upstream_ms .. "}" or '"}')
    var.flatnet_line = line
end

return access
