-- The log phase of a request: it is counted, and its part of the line in the access log is made.
--
-- nginx comes here once for each request of a client, however many internal redirects and subrequests it took. It hands
-- over what it knows as one text (`$flatnet_facts` in templates/flatnet-ops.conf.j2), because each variable is a call;
-- what it can write by itself as JSON stands in its `log_format`. The rest is `$flatnet_line`, made here.
--
-- This runs for every request, so it is written for LuaJIT's compiler, which compiles `record` as one straight piece:
-- no loops and no patterns on the usual way (a pattern sends it back to the interpreter: C's strspn does not), few
-- strings, whole numbers (reading or writing a fraction takes ten times as long). What differs from request to request
-- is looked up in a table rather than asked with `if`: each other way through is a piece of its own. Each tail call
-- counts as a loop to the compiler, and 15 are the end; `return (f())` is none.

local ffi = require("ffi")

local attempts = require("flatnet_ops.attempts")
local json = require("flatnet_ops.json")
local labels = require("flatnet_ops.labels")
local number = require("flatnet_ops.numbers").within
local requests = require("flatnet_ops.requests")
local settings = require("flatnet_ops.settings")
local settle = require("flatnet_ops.store").settle

local ngx, tonumber = ngx, tonumber
local byte, char, find, sub = string.byte, string.char, string.find, string.sub
local floor, max, min = math.floor, math.max, math.min
local whole, escape = require("bit").tobit, json.escape
local now, start_time = ngx.now, ngx.req.start_time
local add = requests.add
local sites, site_places, OTHER = labels.sites, labels.site_places, labels.OTHER
local methods, method_places, class_place = labels.methods, labels.method_places, labels.class_place

local LONGEST_PATH = 2048 -- bytes
local SLASH = 47
local LONGEST_TIME = 2 ^ 31 - 1 -- milliseconds, 24 days: what `whole` holds
local ENDS = { [32] = true, [35] = true, [59] = true, [63] = true } -- space # ; ?
local PLAIN = "" -- what neither ends a path nor needs an escape in JSON
for code = 33, 126 do
    if not ENDS[code] and code ~= 34 and code ~= 92 then -- " and \
        PLAIN = PLAIN .. char(code)
    end
end

ffi.cdef("size_t strspn(const char *text, const char *accept);")
local strspn, text_at = ffi.C.strspn, ffi.typeof("const char *")

-- What a line says, up to what differs.
local LEVELS = { "INFO", "INFO", "INFO", "WARN", "ERROR" } -- by status class
local function before_path(class, method)
    return '","level":"' .. LEVELS[class] .. '","message":"' .. method .. " "
end
local function before_same_path(site, method)
    return ',"site":"' .. sites[site] .. '","method":"' .. method .. '","path":"'
end
local first_words, middle_words, status_words, last_words, upstream_words = {}, {}, {}, {}, {}
for place, method in ipairs(methods) do
    first_words[place], middle_words[place] = {}, {}
    for class in ipairs(LEVELS) do
        first_words[place][class] = before_path(class, method)
    end
    for site in ipairs(sites) do
        middle_words[place][site] = before_same_path(site, method)
    end
end
for status = 0, 999 do
    status_words[status] = " " .. status .. '","duration_ms":'
    last_words[status] = '","status":' .. status
end
for _, name in ipairs(labels.upstreams) do
    upstream_words[name] = ',"upstream":"' .. name .. '","upstream_ms":'
end

-- The user is who was let in by a log-in; what a client merely claims to be is shown where it was refused.
local REFUSED = { [401] = true, [403] = true }
-- People type passwords into the field of the name, and git sends tokens in it: only an account's name is shown.
local user_words, OTHER_USER = { [""] = "" }, ',"user":"' .. OTHER .. '"'
for name in pairs(settings.accounts) do
    user_words[name] = ',"user":"' .. json.escape(name) .. '"'
end

local fractions = {} -- by milliseconds of the second
for ms = 0, 999 do
    fractions[ms] = string.format(".%03d", ms)
end

-- nginx writes the time down once a second.
local second, beginning, zone
local function look_at_the_clock(var, now_second)
    local time = var.time_iso8601 -- 2026-04-01T09:30:00+09:00
    second, beginning, zone = now_second, '"timestamp":"' .. sub(time, 1, 19), sub(time, 20)
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

function access.record()
    local var = ngx.var
    local finished, status = now(), ngx.status
    local ms = whole(min(max(0, (finished - start_time()) * 1000), LONGEST_TIME)) -- the clock may have been set back
    local class = class_place(status)

    local whole_second = floor(finished)
    if whole_second ~= second then
        look_at_the_clock(var, whole_second)
    end

    -- The facts, one a line. None holds a line feed.
    local facts = var.flatnet_facts
    local a = find(facts, "\n", 1, true)
    local b = find(facts, "\n", a + 1, true)
    local c = find(facts, "\n", b + 1, true)
    local d = find(facts, "\n", c + 1, true)
    local e = find(facts, "\n", d + 1, true)
    local site = site_places[sub(facts, 1, a - 1)] or #sites
    local known = settings.sites[sites[site]]

    -- Method and path as the client sent them: after an error page, nginx's own variables speak of the page.
    -- Of the path, what may be a secret is cut off: query, path parameters (";jsessionid=…") and fragment.
    local space = find(facts, " ", d + 1, true) or d + 1
    local stop = space + 1 + tonumber(strspn(text_at(facts) + space, PLAIN)) -- its end, or what is no plain text
    local opening, middle, holds, from, to -- the path lies in `holds`
    local place = method_places[sub(facts, d + 1, space - 1)]
    if place and byte(facts, space + 1) == SLASH and stop - space <= LONGEST_PATH and ENDS[byte(facts, stop)] then
        opening, middle = first_words[place][class], middle_words[place][site]
        holds, from, to = facts, space + 1, stop - 1
    else
        local method
        method, holds = unusual(var, sub(facts, d + 1, e - 1))
        opening, middle = before_path(class, method), before_same_path(site, method)
        place, from, to = method_places[method] or method_places[OTHER], 1, #holds
    end

    add(site, place, class, latency(var, status, ms), number(facts, a + 1, b - 1), number(facts, b + 1, c - 1))
    local upstream, upstream_ms, failure = attempts.record(var, facts, e + 1, known)
    if status >= 429 or status < 100 then
        failure = failure or error_of(var, status, known, upstream)
    end
    settle()

    local problem = failure and ',"error":"' .. escape(failure) .. '"' or ""
    local name = sub(facts, c + 1, d - 1)
    if REFUSED[status] then
        name = var.remote_user or ""
    end
    local user = user_words[name] or OTHER_USER
    local of_upstream, took = "", ""
    if upstream then
        of_upstream, took = upstream_words[upstream], whole(min(upstream_ms, LONGEST_TIME))
    end

    -- The compiler copies parts of a text straight into the line, without making a string of each, where nothing that
    -- may end the compiled piece stands between them: so no condition stands in the line itself. It ends in a comma,
    -- so that the line is JSON also when there was an error here.
    var.flatnet_line = beginning .. fractions[floor((finished - whole_second) * 1000 + 0.5)] .. zone
        .. opening .. sub(holds, from, to) .. status_words[status] .. ms .. problem
        .. middle .. sub(holds, from, to) .. last_words[status] .. user
        .. of_upstream .. took .. ',"bytes":' .. sub(facts, b + 1, c - 1) .. ","
end

return access
