-- Small files, read and replaced whole.

local ffi = require("ffi")

local files = {}

-- Content of a file, or nil and why not. A larger one than `limit` bytes is refused.
function files.read(path, limit)
    local file, why = io.open(path, "rb")
    if not file then
        return nil, "cannot be read: " .. tostring(why)
    end
    local content = file:read(limit + 1)
    file:close()
    if content and #content > limit then
        return nil, "is larger than " .. limit .. " bytes"
    end
    return content or ""
end

local move = os.rename
if ffi.os == "Windows" then -- there, rename() refuses to replace a file
    ffi.cdef("int MoveFileExA(const char *from, const char *to, unsigned int flags);")
    local REPLACE_EXISTING, WRITE_THROUGH = 1, 8
    move = function(from, to)
        if ffi.C.MoveFileExA(from, to, REPLACE_EXISTING + WRITE_THROUGH) == 0 then
            return nil, "the file is in use or the folder is missing"
        end
        return true
    end
end

-- Write beside and rename: a reader sees the old content or the new. Returns true, or nil and why not.
function files.replace(path, content)
    local beside = path .. "." .. ngx.worker.pid()
    local file, why = io.open(beside, "wb")
    if not file then
        return nil, why
    end
    local written
    written, why = file:write(content)
    local closed, why_not_closed = file:close()
    if not (written and closed) then
        os.remove(beside)
        return nil, why or why_not_closed
    end
    local moved
    moved, why = move(beside, path)
    if not moved then
        os.remove(beside)
        return nil, why
    end
    return true
end

return files
