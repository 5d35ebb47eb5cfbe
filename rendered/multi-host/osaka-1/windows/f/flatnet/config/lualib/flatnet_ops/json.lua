-- Text as the inside of a JSON string, whatever its bytes: what is no UTF-8 becomes U+FFFD, and control characters
-- (also those of U+0080 to U+009F, which terminals obey) are written as escapes.

local byte, char, find, format, sub = string.byte, string.char, string.find, string.format, string.sub
local concat = table.concat

local UNSAFE = "[^ !#-[%]^-~]" -- what does not stand for itself

local json = {}

local ascii = {}
for code = 0, 127 do
    local plain = code >= 32 and code ~= 127
    ascii[code] = plain and char(code) or format("\\u%04x", code)
end
ascii[34], ascii[92] = '\\"', "\\\\"

local function continues(code, low, high)
    return code and code >= (low or 128) and code <= (high or 191)
end

-- Length of the UTF-8 sequence that starts with `first` at `at`, or nil when it is none. Overlong forms, surrogates
-- and what lies beyond U+10FFFF are none.
local function sequence(text, at, first)
    local second, third, fourth = byte(text, at + 1, at + 3)
    if first >= 0xC2 and first <= 0xDF then
        return continues(second) and 2
    elseif first >= 0xE0 and first <= 0xEF then
        local low = first == 0xE0 and 0xA0 or nil
        local high = first == 0xED and 0x9F or nil
        return continues(second, low, high) and continues(third) and 3
    elseif first >= 0xF0 and first <= 0xF4 then
        local low = first == 0xF0 and 0x90 or nil
        local high = first == 0xF4 and 0x8F or nil
        return continues(second, low, high) and continues(third) and continues(fourth) and 4
    end
    return nil
end

function json.escape(text)
    if not find(text, UNSAFE) then
        return text
    end
    local parts, at = {}, 1
    while at <= #text do
        local code, length = byte(text, at), 1
        local part = ascii[code]
        if not part then
            length = sequence(text, at, code)
            if not length then
                part, length = "\\ufffd", 1
            elseif code == 0xC2 and byte(text, at + 1) < 0xA0 then
                part = format("\\u%04x", byte(text, at + 1))
            else
                part = sub(text, at, at + length - 1)
            end
        end
        parts[#parts + 1] = part
        at = at + length
    end
    return concat(parts)
end

return json
