-- Who gets through a door. nginx has judged the address and the password already (`allow`, `auth_basic`); what is left
-- is whether the door is open to this account, whether the token is right, and whether the workload is there.

local bit = require "bit"
local settings = require "flatnet_ops.settings"
local upstreams = require "flatnet_ops.upstreams"

local ngx = ngx
local sha1 = ngx.sha1_bin
local tokens = {} -- by file; read once, at the first request after a start or a reload

local _M = {}

local function read(path)
  local file, err = io.open(path, "rb")
  if not file then
    return nil, err
  end
  local text = file:read("*a")
  file:close()
  text = text:gsub("%s+$", "")
  if text == "" then
    return nil, path .. " is empty"
  end
  return text
end

local function token_of(path)
  if not tokens[path] then
    local token, err = read(path)
    if not token then
      ngx.log(ngx.ERR, "the token of the ingress cannot be read: ", err)
      return ngx.exit(ngx.HTTP_INTERNAL_SERVER_ERROR)
    end
    tokens[path] = token
  end
  return tokens[path]
end

-- Digests have one length, and every byte of them is looked at: the time that it takes tells nothing of the token.
local function equal(one, other)
  local left, right, difference = sha1(one), sha1(other), 0
  for i = 1, #left do
    difference = bit.bor(difference, bit.bxor(left:byte(i), right:byte(i)))
  end
  return difference == 0
end

local function ask_for_token(path)
  local shown = ngx.var.http_authorization or ""
  local kind, token = shown:match("^(%a+) +(%S+)$")
  if not kind or kind:lower() ~= "bearer" or not equal(token, token_of(path)) then
    ngx.header["WWW-Authenticate"] = "Bearer"
    return ngx.exit(ngx.HTTP_UNAUTHORIZED)
  end
end

local function let_account_in(accounts)
  local user = ngx.var.remote_user
  local role = user and accounts[user]
  if not role then
    return ngx.exit(ngx.HTTP_FORBIDDEN)
  end
  if role == "Admin" and ngx.var.flatnet_admin ~= "1" then
    role = "Editor"
  end
  ngx.var.flatnet_user = user
  ngx.var.flatnet_role = role
end

function _M.check()
  local name = ngx.var.flatnet_door
  local door = settings.doors[name]
  if door.token_file and not door.free[ngx.var.remote_addr] then
    ask_for_token(door.token_file)
  end
  if ngx.var.flatnet_realm ~= "off" then
    let_account_in(door.accounts)
  end
  local upstream = settings.upstreams[name]
  if upstream and upstream.workload then
    local address = upstreams.address(name)
    if not address then
      return ngx.exit(ngx.HTTP_SERVICE_UNAVAILABLE)
    end
    ngx.var.flatnet_upstream = address
  end
end

return _M
