-- Writes series as Prometheus reads them: text format 0.0.4, or OpenMetrics 1.0.0.

local histogram = require("flatnet_ops.histogram")

local ESCAPES = { ["\\"] = "\\\\", ["\n"] = "\\n", ['"'] = '\\"' }

local exposition = {}
exposition.__index = exposition

function exposition.new(open_metrics)
    return setmetatable({ lines = {}, open_metrics = open_metrics }, exposition)
end

function exposition:line(text)
    self.lines[#self.lines + 1] = text
end

-- Begin a family. OpenMetrics names a counter without its _total, and says its unit.
function exposition:family(kind, name, unit, help)
    self.name = name
    if self.open_metrics and kind == "counter" then
        name = name:gsub("_total$", "")
    end
    self:line("# HELP " .. name .. " " .. help)
    self:line("# TYPE " .. name .. " " .. kind)
    if self.open_metrics and unit then
        self:line("# UNIT " .. name .. " " .. unit)
    end
end

local function integer(number)
    return string.format("%.0f", number)
end

-- One series: `labels` is a list of name, value, name, value, …; `value` a whole number or a text.
function exposition:sample(labels, value, suffix)
    local pairs_of = {}
    for place = 1, #labels, 2 do
        pairs_of[#pairs_of + 1] = labels[place] .. '="' .. tostring(labels[place + 1]):gsub('[\\\n"]', ESCAPES) .. '"'
    end
    local set = #pairs_of > 0 and "{" .. table.concat(pairs_of, ",") .. "}" or ""
    self:line(self.name .. (suffix or "") .. set .. " " .. (type(value) == "number" and integer(value) or value))
end

-- A histogram of one label: counts that are not cumulated yet, and the sum in milliseconds.
function exposition:histogram(label, value, buckets, ms)
    local all = 0
    for place, bound in ipairs(histogram.texts) do
        all = all + buckets[place]
        self:sample({ label, value, "le", bound }, all, "_bucket")
    end
    self:sample({ label, value }, string.format("%.3f", ms / 1000), "_sum")
    self:sample({ label, value }, all, "_count")
end

function exposition:text()
    if self.open_metrics then
        self:line("# EOF")
    end
    return table.concat(self.lines, "\n") .. "\n"
end

return exposition
