//! How much memory is available.

/// Assumed if the system does not report it.
const ASSUMED_BYTES: u64 = 8 << 30;

/// Bytes that can be allocated without swapping: the estimate of Linux, or a container's limit if
/// lower; 8 GiB on other systems.
pub fn available_memory() -> u64 {
    from_system().unwrap_or(ASSUMED_BYTES)
}

#[cfg(target_os = "linux")]
fn from_system() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let available = mem_available(&read("/proc/meminfo")?)?;
    // Control groups v2 and v1. Without a limit the file holds a word, or an absurdly large number.
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limit = limits
        .iter()
        .find_map(|path| read(path)?.trim().parse().ok());
    Some(limit.map_or(available, |limit: u64| limit.min(available)))
}

#[cfg(not(target_os = "linux"))]
fn from_system() -> Option<u64> {
    None
}

/// The bytes of the line `MemAvailable:   23792436 kB`.
#[cfg(target_os = "linux")]
fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let n_kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    n_kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_some_memory() {
        assert!(available_memory() > 1 << 20);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_line_of_the_system_is_read() {
        let text = "MemTotal:       24684084 kB\nMemAvailable:   23792436 kB\n";
        assert_eq!(mem_available(text), Some(23_792_436 * 1024));
        assert_eq!(mem_available("MemAvailable: much"), None);
        assert_eq!(mem_available("MemAvailable: 18446744073709551615 kB"), None);
    }
}
