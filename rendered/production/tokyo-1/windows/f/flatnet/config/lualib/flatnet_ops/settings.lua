-- Rendered from environments/production by `make render`; changes made here are lost.
return {
  accounts = { sato = true, suzuki = true },
  buckets = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0 },
  connections_limit = 512,
  doors = {
    forgejo = { accounts = {} },
    grafana = {
      accounts = { sato = "Admin", suzuki = "Editor" },
    },
  },
  files = {
    generation = "F:/flatnet/config/flatnet-ops/generation",
    heartbeat = "F:/flatnet/ops/dead-mans-switch/heartbeat",
    nginx_conf = "F:/flatnet/config/nginx.conf",
    nginx_conf_rendered = "F:/flatnet/ops/gateway/nginx.conf",
    upstreams = "F:/flatnet/ops/from-wsl/upstreams.json",
  },
  methods = { "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT" },
  sites = {
    forgejo = { upstream = "forgejo" },
    grafana = { upstream = "grafana" },
    http = {},
    metrics = {},
  },
  status = { address = "127.0.0.1", port = 8080, timeout_ms = 2000 },
  upstreams = {
    forgejo = { port = 3000, workload = "forgejo" },
    grafana = { address = "127.0.0.1:3000" },
  },
}
