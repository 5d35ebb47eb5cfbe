-- Whole numbers in a text.

local ffi = require("ffi")

ffi.cdef("int atoi(const char *text);")
local atoi, text_at = ffi.C.atoi, ffi.typeof("const char *")
local byte, sub, tonumber = string.byte, string.sub, tonumber

local ZERO = 48
local LONGEST = 9 -- digits, whatever they are, that an int can hold

local numbers = {}

-- The number whose digits stand from `from` to `to`. It is read where it lies: a string of its own would cost more.
function numbers.within(text, from, to)
    if from == to then
        return byte(text, from) - ZERO
    elseif to - from < LONGEST then
        return atoi(text_at(text) + (from - 1))
    end
    return tonumber(sub(text, from, to))
end

return numbers
