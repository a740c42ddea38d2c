# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys the shims of Kata Containers read, by the structures in their own sources: data with a source and a date, and its reader.

What a template mentions is less than what a shim reads, and sometimes more.
"""

from typing import Dict, Tuple

SOURCE = "kata-containers/kata-containers: src/runtime/pkg/katautils/config.go, src/libs/kata-types/src/config, releases 3.20.0 to 4.1.0"
AS_OF = "2026-08-21"

# shim, table, kind of value, first release with it ('-': before 3.20.0), first release without it ('-': none): keys
_DATA = """\
go agent array - -: kernel_modules
go agent boolean - -: debug_console_enabled enable_debug enable_tracing
go agent boolean 3.32.0 -: visible_cdi_devices
go agent integer - -: cdh_api_timeout dial_timeout
go agent integer 3.29.0 -: launch_process_timeout
go factory boolean - -: enable_template
go factory integer - -: vm_cache_number
go factory string - -: template_path vm_cache_endpoint
go hypervisor array - -: enable_annotations pflashes valid_entropy_sources valid_hypervisor_paths valid_jailer_paths valid_vhost_user_store_paths
go hypervisor array - -: valid_virtio_fs_daemon_paths virtio_fs_extra_args
go hypervisor array - 3.32.0: valid_file_mem_backends
go hypervisor array 3.27.0 -: numa_mapping
go hypervisor boolean - -: block_device_cache_direct block_device_cache_noflush block_device_cache_set confidential_guest disable_block_device_use
go hypervisor boolean - -: disable_guest_selinux disable_image_nvdimm disable_nesting_checks disable_seccomp disable_selinux disable_vhost_net
go hypervisor boolean - -: enable_debug enable_guest_swap enable_hugepages enable_iommu enable_iommu_platform enable_iothreads enable_mem_prealloc
go hypervisor boolean - -: enable_vhost_user_store enable_virtio_mem guest_memory_dump_paging reclaim_guest_freed_memory rootless sev_snp_guest
go hypervisor boolean - -: use_legacy_serial
go hypervisor boolean 3.27.0 -: enable_numa
go hypervisor float - -: default_vcpus
go hypervisor integer - -: default_bridges default_maxmemory default_maxvcpus default_memory disk_rate_limiter_bw_max_rate
go hypervisor integer - -: disk_rate_limiter_bw_one_time_burst disk_rate_limiter_ops_max_rate disk_rate_limiter_ops_one_time_burst
go hypervisor integer - -: hypervisor_loglevel memory_offset memory_slots msize_9p net_rate_limiter_bw_max_rate net_rate_limiter_bw_one_time_burst
go hypervisor integer - -: net_rate_limiter_ops_max_rate net_rate_limiter_ops_one_time_burst pcie_root_port pcie_switch_port
go hypervisor integer - -: remote_hypervisor_timeout rx_rate_limiter_max_rate snp_guest_policy tdx_quote_generation_service_socket_port
go hypervisor integer - -: tx_rate_limiter_max_rate vhost_user_reconnect_timeout_sec virtio_fs_cache_size virtio_fs_queue_size
go hypervisor integer 3.24.0 -: indep_iothreads
go hypervisor integer 3.29.0 -: block_device_logical_sector_size block_device_physical_sector_size
go hypervisor string - -: block_device_aio block_device_driver cold_plug_vfio cpu_features entropy_source extra_monitor_socket firmware
go hypervisor string - -: firmware_volume guest_hook_path guest_memory_dump_path hot_plug_vfio image initrd jailer_path kernel kernel_params
go hypervisor string - -: machine_accelerators machine_type path remote_hypervisor_socket rootfs_type seccompsandbox shared_fs snp_id_auth
go hypervisor string - -: snp_id_block vhost_user_store_path virtio_fs_cache virtio_fs_daemon
go hypervisor string - 3.32.0: file_mem_backend
go hypervisor string 3.22.0 -: measurement_algo
go hypervisor string 3.27.0 -: kernel_verity_params
go hypervisor tables 4.0.0 -: guest_extension_images
go runtime array - -: experimental sandbox_bind_mounts
go runtime boolean - -: disable_guest_empty_dir disable_guest_seccomp disable_new_netns enable_debug enable_pprof enable_tracing
go runtime boolean - -: enable_vcpus_pinning experimental_force_guest_pull sandbox_cgroup_only static_sandbox_resource_mgmt
go runtime integer - -: create_container_timeout
go runtime string - -: dan_conf guest_selinux_label internetworking_model jaeger_endpoint jaeger_password jaeger_user vfio_mode
go runtime string 3.24.0 -: pod_resource_api_sock
go runtime string 3.28.0 -: emptydir_mode kubelet_root_dir
rust agent array - -: kernel_modules
rust agent boolean - -: debug_console_enabled enable_debug enable_tracing
rust agent boolean 3.32.0 -: visible_cdi_devices
rust agent integer - -: container_pipe_size create_container_timeout dial_timeout_ms health_check_request_timeout_ms log_port passfd_listener_port
rust agent integer - -: reconnect_timeout_ms server_port
rust agent integer 3.29.0 -: launch_process_timeout
rust agent integer 3.31.0 -: cdh_api_timeout_ms
rust agent string - -: log_level
rust agent string 3.23.0 -: policy
rust agent.mem_agent boolean - -: compact_disable enable mem_agent_enable memcg_disable memcg_swap
rust agent.mem_agent integer - -: compact_force_times compact_order compact_period_psi_percent_limit compact_period_secs compact_psi_percent_limit
rust agent.mem_agent integer - -: compact_sec_max compact_threshold memcg_eviction_psi_percent_limit memcg_eviction_run_aging_count_min
rust agent.mem_agent integer - -: memcg_period_psi_percent_limit memcg_period_secs memcg_swappiness_max
rust hypervisor array - -: enable_annotations pflashes valid_ctlpaths valid_entropy_sources valid_hypervisor_paths valid_jailer_paths
rust hypervisor array - -: valid_vhost_user_store_paths valid_virtio_fs_daemon_paths virtio_fs_extra_args
rust hypervisor array - 3.32.0: valid_file_mem_backends
rust hypervisor boolean - -: block_device_cache_direct block_device_cache_noflush block_device_cache_set confidential_guest disable_block_device_use
rust hypervisor boolean - -: disable_guest_selinux disable_image_nvdimm disable_nesting_checks disable_seccomp disable_vhost_net enable_debug
rust hypervisor boolean - -: enable_guest_swap enable_hugepages enable_iommu enable_iommu_platform enable_iothreads enable_mem_prealloc
rust hypervisor boolean - -: enable_vhost_user_store enable_virtio_mem guest_memory_dump_paging reclaim_guest_freed_memory rootless sev_snp_guest
rust hypervisor boolean - -: virtio_fs_is_dax
rust hypervisor boolean - 4.0.0: hotplug_vfio_on_root_bus
rust hypervisor boolean 3.21.0 -: disable_selinux
rust hypervisor boolean 3.23.0 -: boot_from_template boot_to_be_template
rust hypervisor boolean 4.1.0 -: disable_nested_virtualization
rust hypervisor float - -: default_vcpus
rust hypervisor float 4.0.0 -: overhead_vcpus
rust hypervisor integer - -: default_bridges default_gpus default_maxmemory default_maxvcpus default_memory guest_swap_create_threshold_secs
rust hypervisor integer - -: guest_swap_size_percent hypervisor_timeout memory_offset memory_slots network_queues pcie_root_port pcie_switch_port
rust hypervisor integer - -: rx_rate_limiter_max_rate tdx_quote_generation_service_socket_port tx_rate_limiter_max_rate virtio_fs_cache_size
rust hypervisor integer - -: virtio_fs_queue_size
rust hypervisor integer - 3.29.0: msize_9p
rust hypervisor integer 3.21.0 -: disk_rate_limiter_bw_max_rate disk_rate_limiter_bw_one_time_burst disk_rate_limiter_ops_max_rate
rust hypervisor integer 3.21.0 -: disk_rate_limiter_ops_one_time_burst
rust hypervisor integer 3.24.0 -: num_queues queue_size
rust hypervisor integer 3.28.0 -: snp_guest_policy
rust hypervisor integer 3.29.0 -: block_device_logical_sector_size block_device_physical_sector_size
rust hypervisor integer 3.32.0 -: indep_iothreads
rust hypervisor integer 4.0.0 -: overhead_memory
rust hypervisor string - -: block_device_aio block_device_driver cpu_features ctlpath dbg_monitor_socket default_gpu_model entropy_source firmware
rust hypervisor string - -: guest_hook_path guest_memory_dump_path guest_swap_path hugepage_type hypervisor_socket image initdata initrd jailer_path
rust hypervisor string - -: kernel kernel_params log_level machine_accelerators machine_type path prefetch_list_path rootfs_type seccomp_sandbox
rust hypervisor string - -: shared_fs vhost_user_store_path virtio_fs_cache virtio_fs_daemon vm_rootfs_driver
rust hypervisor string - 3.32.0: file_mem_backend
rust hypervisor string 3.21.0 -: selinux_label
rust hypervisor string 3.23.0 -: device_state_path memory_path
rust hypervisor string 3.27.0 -: kernel_verity_params
rust hypervisor string 3.28.0 -: snp_id_auth snp_id_block
rust hypervisor string 3.29.0 -: extra_monitor_socket
rust hypervisor string 3.31.0 -: cold_plug_vfio
rust hypervisor tables 4.0.0 -: guest_extension_images
rust hypervisor.factory boolean 3.23.0 -: enable_template
rust hypervisor.factory string 3.23.0 -: template_path
rust hypervisor.rootless_user array 3.22.0 -: groups
rust hypervisor.rootless_user integer 3.22.0 -: gid uid
rust hypervisor.rootless_user string 3.22.0 -: user_name
rust runtime array - -: experimental sandbox_bind_mounts
rust runtime boolean - -: disable_guest_seccomp disable_new_netns enable_debug enable_pprof enable_tracing keep_abnormal sandbox_cgroup_only
rust runtime boolean - -: static_sandbox_resource_mgmt use_passfd_io
rust runtime boolean 3.23.0 4.0.0: disable_guest_empty_dir
rust runtime boolean 3.30.0 -: enable_vcpus_pinning
rust runtime integer - -: log_level passfd_listener_port
rust runtime string - -: agent_name dan_conf hypervisor_name internetworking_model jaeger_endpoint jaeger_password jaeger_user log_prefix name
rust runtime string - -: vfio_mode
rust runtime string 3.31.0 -: emptydir_mode pod_resource_api_sock
rust runtime tables - -: shared_mounts
"""
Known = Dict[str, Dict[str, str]]


def _number(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def of(dialect: str, version: str) -> Known:
    """{table without the monitor's or agent's name: {key: kind}} of a release; of a version that is not known every key of any release."""
    found: Known = {}
    release = _number(version)
    for line in _DATA.splitlines():
        head, _colon, keys = line.partition(":")
        shim, table, kind, since, until = head.split()
        if shim != dialect or (len(release) == 2 and ((since != "-" and release < _number(since)) or (until != "-" and release >= _number(until)))):
            continue
        found.setdefault(table, {}).update((key, kind) for key in keys.split())
    return found
