-- The log phase of a request: it is counted, and its line of the access log is made.
--
-- nginx comes here once for each request of a client, however many internal redirects and subrequests it took.
--
-- This runs for every request, so it is written for LuaJIT's compiler, which compiles `record` as one straight piece:
-- no loops and no patterns on the usual way (a pattern sends it back to the interpreter: C's strspn does not), few
-- variables (each is a call), few strings. Each tail call counts as a loop to it, and 15 are the end; `return (f())` is
-- none, but each read of an nginx variable is one.

local ffi = require("ffi")

local attempts = require("flatnet_ops.attempts")
local clock = require("flatnet_ops.clock")
local json = require("flatnet_ops.json")
local labels = require("flatnet_ops.labels")
local requests = require("flatnet_ops.requests")
local settings = require("flatnet_ops.settings")

local ngx, tonumber = ngx, tonumber
local byte, char, find, sub = string.byte, string.char, string.find, string.sub
local floor, max, min = math.floor, math.max, math.min
local escape = json.escape
local now, start_time, around, milliseconds = ngx.now, ngx.req.start_time, clock.around, clock.milliseconds
local add = requests.add
local sites, site_places, OTHER = labels.sites, labels.site_places, labels.OTHER
local methods, method_places, class_place = labels.methods, labels.method_places, labels.class_place

local LONGEST_PATH = 2048 -- bytes
local SLASH = 47
local ENDS = { [32] = true, [35] = true, [59] = true, [63] = true } -- space # ; ?
local PLAIN = "" -- what neither ends a path nor needs an escape in JSON
for code = 33, 126 do
    if not ENDS[code] and code ~= 34 and code ~= 92 then -- " and \
        PLAIN = PLAIN .. char(code)
    end
end
local LEVELS = { "INFO", "INFO", "INFO", "WARN", "ERROR" } -- by status class

ffi.cdef("size_t strspn(const char *text, const char *accept);")
local strspn, text_at = ffi.C.strspn, ffi.typeof("const char *")

local site_words, upstream_words = {}, {} -- what a line says of them, before what differs
for place, name in ipairs(sites) do
    site_words[place] = ',"site":"' .. name .. '","method":"'
end
for _, name in ipairs(labels.upstreams) do
    upstream_words[name] = ',"upstream":"' .. name .. '","upstream_ms":'
end

local access = {}

-- Method and path where they are not the plain ones of nearly every request: a request line that is none, an absolute
-- address, bytes that need an escape, a path beyond all measure.
local function unusual(var, request)
    local space = find(request, " ", 1, true)
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

-- Where the lines of $flatnet_facts end, which nginx writes all at once. None but the last, the name that a client
-- gives itself, can hold a line feed.
local function ends(facts)
    local a = find(facts, "\n", 1, true)
    local b = find(facts, "\n", a + 1, true)
    local c = find(facts, "\n", b + 1, true)
    local d = find(facts, "\n", c + 1, true)
    local e = find(facts, "\n", d + 1, true)
    local f = find(facts, "\n", e + 1, true)
    local g = find(facts, "\n", f + 1, true)
    return a, b, c, d, e, f, g, (find(facts, "\n", g + 1, true))
end

function access.record()
    if ngx.is_subrequest then -- with `log_subrequest on`
        return
    end
    local var = ngx.var
    local finished, status = now(), ngx.status
    local ms = max(0, floor((finished - start_time()) * 1000 + 0.5)) -- the clock may have been set back
    local facts = var.flatnet_facts
    local a, b, c, d, e, f, g, h = ends(facts)
    local site = site_places[sub(facts, 1, a - 1)] or #sites
    local known = settings.sites[sites[site]]
    local class = class_place(status)

    -- Method and path as the client sent them: after an error page, nginx's own variables speak of the page.
    -- Of the path, what may be a secret is cut off: query, path parameters (";jsessionid=…") and fragment.
    local space = find(facts, " ", g + 1, true) or g + 1
    local stop = space + 1 + tonumber(strspn(text_at(facts) + space, PLAIN)) -- its end, or what is no plain text
    local method, holds, from, to -- the path lies in `holds`
    local place = method_places[sub(facts, g + 1, space - 1)]
    if place and byte(facts, space + 1) == SLASH and stop - space <= LONGEST_PATH and ENDS[byte(facts, stop)] then
        method, holds, from, to = methods[place], facts, space + 1, stop - 1
    else
        method, holds = unusual(var, sub(facts, g + 1, h - 1))
        place, from, to = method_places[method] or method_places[OTHER], 1, #holds
    end

    local upstream, upstream_ms, failure =
        attempts.record(var, sub(facts, c + 1, d - 1), byte(facts, d + 1), sub(facts, e + 1, f - 1), known)
    if status >= 429 or status < 100 then
        failure = failure or error_of(var, status, known, upstream)
    end
    local received, sent = tonumber(sub(facts, a + 1, b - 1)), tonumber(sub(facts, b + 1, c - 1))
    add(site, place, class, latency(var, status, ms), received, sent)

    -- The compiler copies parts of a text straight into the line, without making a string of each, where nothing that
    -- may end the compiled piece stands between them: so no condition stands in the line itself.
    local second, zone = around(finished)
    local millisecond = milliseconds[floor(finished * 1000 + 0.5) % 1000 + 1]
    local level, of_site = LEVELS[class], site_words[site]
    local problem = failure and ',"error":"' .. escape(failure) .. '"' or ""
    local user = h < #facts and ',"user":"' .. user_of(sub(facts, h + 1)) .. '"' or ""
    local of_upstream, took = "", ""
    if upstream then
        of_upstream, took = upstream_words[upstream], upstream_ms
    end
    var.flatnet_line = '{"timestamp":"' .. second .. millisecond .. zone
        .. '","level":"' .. level
        .. '","component":"gateway","message":"' .. method .. " " .. sub(holds, from, to) .. " " .. status
        .. '",' .. sub(facts, f + 1, g - 1)
        .. ',"duration_ms":' .. ms .. problem
        .. of_site .. method
        .. '","path":"' .. sub(holds, from, to)
        .. '","status":' .. status
        .. ',"bytes":' .. sub(facts, b + 1, c - 1) .. user
        .. of_upstream .. took .. "}"
end

return access
