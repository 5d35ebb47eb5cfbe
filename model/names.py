"""Every job, label and metric name that we coin, in one place.

Names of series that other programs emit are theirs and are written where they are used.
"""

from __future__ import annotations

from typing import Literal, get_args

Component = Literal["backup", "cni", "containers", "gateway", "host", "logs", "monitoring", "site", "windows"]
COMPONENTS: tuple[Component, ...] = get_args(Component)
"""What an alert is about; what routes, teams and mutes speak of."""

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

LogKind = Literal["gateway_access", "gateway_error", "cni", "containers", "system", "windows"]
LOG_KINDS: tuple[LogKind, ...] = get_args(LogKind)
"""The `kind` label of every stream in Loki; retention, limits and dashboards go by it."""

# Scrape jobs (label `job`).
JOB_ALERTMANAGER = "alertmanager"
JOB_ALLOY = "alloy"
JOB_ALLOY_WINDOWS = "alloy-windows"
JOB_BLACKBOX = "blackbox"
JOB_CNI = "cni"
JOB_GATEWAY = "gateway"
JOB_GRAFANA = "grafana"
JOB_LOKI = "loki"
JOB_NODE = "node"
JOB_PODMAN = "podman"
JOB_PROBE_HTTP = "probe-http"
JOB_PROBE_TLS = "probe-tls"
JOB_PROMETHEUS = "prometheus"
JOB_WINDOWS = "windows"

# What the Gateway serves beside the sites of the model (label `site`); no site of the model has such a name.
SITE_GRAFANA = "grafana"
SITE_HTTP = "http"  # leads to HTTPS, and says that the Gateway is there
SITE_METRICS = "metrics"  # the metrics ingress
SITE_OTHER = "other"  # no name that is served
SITE_PUSH = "push"  # logs of other hosts
SITES_OF_OURS = (SITE_GRAFANA, SITE_HTTP, SITE_METRICS, SITE_OTHER, SITE_PUSH)

# The Gateway's own series (Lua on port 9145). Label `host` is added by the scrape.
GATEWAY_REQUESTS = "flatnet_gateway_requests_total"  # counter: site, method, status (class: 2xx … 5xx)
GATEWAY_DURATION = "flatnet_gateway_request_duration_seconds"  # histogram: site
GATEWAY_BYTES = "flatnet_gateway_bytes_total"  # counter: site, direction (in, out)
GATEWAY_UPSTREAM_UP = "flatnet_gateway_upstream_up"  # gauge 0/1: upstream
GATEWAY_UPSTREAM_DURATION = "flatnet_gateway_upstream_duration_seconds"  # histogram: upstream
GATEWAY_UPSTREAM_ERRORS = "flatnet_gateway_upstream_errors_total"  # counter: upstream
GATEWAY_CONNECTIONS = "flatnet_gateway_connections"  # gauge: state (active, reading, writing, waiting)
GATEWAY_CONNECTIONS_LIMIT = "flatnet_gateway_connections_limit"  # gauge: what the platform can hold
GATEWAY_DICT_FREE = "flatnet_gateway_shared_dict_free_bytes"  # gauge: dict
GATEWAY_DICT_SIZE = "flatnet_gateway_shared_dict_size_bytes"  # gauge: dict
GATEWAY_DICT_EVICTIONS = "flatnet_gateway_shared_dict_evictions_total"  # counter: counts lost to a full dict
GATEWAY_CONFIG_LOADED = "flatnet_gateway_config_load_timestamp_seconds"  # gauge
GATEWAY_CONFIG_OK = "flatnet_gateway_config_load_success"  # gauge 0/1
GATEWAY_STATUS_UP = "flatnet_gateway_status_up"  # gauge 0/1: /api/status could be read; 0 costs the four below
GATEWAY_CONTAINERS = "flatnet_gateway_registered_containers"  # gauge
GATEWAY_SYNC_PEERS = "flatnet_gateway_sync_peers"  # gauge
GATEWAY_ESCALATIONS = "flatnet_gateway_escalations"  # gauge: state (GATEWAY_ONLY, P2P_ATTEMPTING, …)
GATEWAY_P2P_PATHS = "flatnet_gateway_p2p_paths"  # gauge

# The CNI collector's series (textfile behind port 9146).
CNI_ADDRESSES = "flatnet_cni_addresses"  # gauge: state (used, free)
CNI_ADDRESSES_INCONSISTENT = "flatnet_cni_addresses_inconsistent"  # gauge: kind (duplicate, no_container, no_address)
CNI_ALLOCATIONS_READABLE = "flatnet_cni_allocations_readable"  # gauge 0/1
CNI_PODMAN_READABLE = "flatnet_cni_podman_readable"  # gauge 0/1: Podman told its containers; 0: two kinds are unknown
CNI_ALLOCATIONS_MODIFIED = "flatnet_cni_allocations_modified_timestamp_seconds"  # gauge
CNI_PLUGIN_READY = "flatnet_cni_plugin_ready"  # gauge 0/1: part (binary, conflist, shim)
CNI_COLLECTED = "flatnet_cni_collected_timestamp_seconds"  # gauge: last run of the collector
CNI_TOLD_WINDOWS = "flatnet_cni_told_windows_timestamp_seconds"  # gauge: part (upstreams, wsl_address); last success
# From the records of the shim; without it, only failures are known, and only those that Podman told the journal.
CNI_OPERATIONS = "flatnet_cni_operations_total"  # counter: command (ADD, DEL, CHECK), outcome (success, failure)
CNI_FAILURES = "flatnet_cni_failures_total"  # counter: command, code (CNI error code, signal, killed or unknown)
CNI_DURATION = "flatnet_cni_operation_duration_seconds"  # histogram: command
CNI_REGISTRATION_FAILURES = "flatnet_cni_registration_failures_total"  # counter

# Written by the clock unit into node_exporter's textfile folder.
CLOCK_OFFSET = "flatnet_clock_offset_seconds"  # gauge: clock of WSL minus clock of Windows, after the correction
CLOCK_CHECKED = "flatnet_clock_checked_timestamp_seconds"  # gauge: last comparison that could be made

# Written by the certificate script into node_exporter's textfile folder.
CERTIFICATE_EXPIRES = "flatnet_gateway_certificate_expires_timestamp_seconds"  # gauge
CERTIFICATE_LAST_RUN = "flatnet_gateway_certificate_last_run_timestamp_seconds"  # gauge
CERTIFICATE_LAST_EXIT = "flatnet_gateway_certificate_last_exit_code"  # gauge; 0 fine, 3 a request waits for the CA

# Written by the backup scripts into node_exporter's textfile folder. Label `part` is what was backed up, or
# `repository`: opening it, forgetting, pruning, checking.
BACKUP_LAST_SUCCESS = "flatnet_backup_last_success_timestamp_seconds"  # gauge: part
BACKUP_LAST_RUN = "flatnet_backup_last_run_timestamp_seconds"  # gauge: part
BACKUP_LAST_EXIT = "flatnet_backup_last_exit_code"  # gauge: part; restic's code (3: not all was read), or 78, 137, 143
BACKUP_SIZE = "flatnet_backup_repository_bytes"  # gauge
RESTORE_DRILL_LAST_SUCCESS = "flatnet_restore_drill_last_success_timestamp_seconds"  # gauge: part
RESTORE_DRILL_LAST_RUN = "flatnet_restore_drill_last_run_timestamp_seconds"  # gauge: part
RESTORE_DRILL_LAST_EXIT = "flatnet_restore_drill_last_exit_code"  # gauge: part
RESTORE_DRILL_SNAPSHOT = "flatnet_restore_drill_snapshot_timestamp_seconds"  # gauge: part; time of what was restored

# Written by the scripts of Windows into windows_exporter's textfile folder. Label `task` is the scheduled task.
WINDOWS_TASK_LAST_RUN = "flatnet_windows_task_last_run_timestamp_seconds"  # gauge: task
WINDOWS_TASK_LAST_SUCCESS = "flatnet_windows_task_last_success_timestamp_seconds"  # gauge: task
WINDOWS_TASK_LAST_EXIT = "flatnet_windows_task_last_exit_code"  # gauge: task; 0 fine, 1 failed
WINDOWS_LOG_BYTES = "flatnet_windows_log_bytes"  # gauge: log (file's name), with all its generations

# Scheduled tasks of Windows, in this folder of the Task Scheduler; windows_exporter calls them `/Flatnet/<name>`.
WINDOWS_TASKS = "Flatnet"
TASK_KEEP_ALIVE = "keep-alive"
TASK_KEEP_ROUTE = "keep-route"
TASK_ROTATE_LOGS = "rotate-logs"
TASK_SAVE_CONFIGURATION = "save-configuration"
TASK_WATCH_CERTIFICATE = "watch-certificate"
TASK_WATCH_HEARTBEAT = "watch-heartbeat"

# What the firewall and the event log of Windows call us.
WINDOWS_SOURCE = "Flatnet Ops"

# Services of Windows that we need, as windows_exporter names them; Windows itself does not tell upper from lower case.
WINDOWS_SERVICES = ("flatnet-gateway", "windows_exporter", "alloy")

# On a laptop Alertmanager reads this file, which lies beside the compose file, and nothing else.
LAPTOP_ALERTMANAGER = "alertmanager.yml"

# The alert that always fires, for the dead man's switch.
WATCHDOG = "Watchdog"
