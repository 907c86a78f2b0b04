//! Hostile pickles, and what is refused with the line that helps. Files of PyTorch itself are in
//! `tests/it/import.rs`.

use super::measure::check;

/// A pickle that asks for `ops` and ends.
fn pickle(ops: &[u8]) -> Vec<u8> {
    [b"\x80\x02", ops, b"."].concat()
}

#[test]
fn what_a_state_dict_needs_is_measured() {
    for ops in [
        &b"}q\x00(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00bM\x00\x01u"[..],
        b"ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00aK\x01s}b",
        b"]q\x00(K\x01K\x02eh\x00a",
        b"X\x01\x00\x00\x00a(K\x01K\x02tQ\x8a\x01\x05\x87",
    ] {
        check(&pickle(ops)).unwrap();
    }
}

#[test]
fn lengths_and_copies_that_no_memory_holds_are_refused() {
    let claims_4_gb = pickle(b"X\xff\xff\xff\xff");
    assert!(check(&claims_4_gb).unwrap_err().contains("instruction"));
    // Each list holds two copies of the one before: a billion after thirty.
    let mut laughs = b"]q\x00".to_vec();
    for n in 0..40 {
        laughs.extend([b'(', b'h', n, b'h', n, b't', b'q', n + 1]);
    }
    assert!(check(&pickle(&laughs)).unwrap_err().contains("objects"));
    // A text of 20 kB and a name of 2 kB, which two bytes each copy thousands of times.
    let text = [&b"X\x20\x4e\x00\x00"[..], &[b'x'; 20_000]].concat();
    let name = [&b"c"[..], &[b'm'; 2_000], b"\nn\n"].concat();
    for (copied, n) in [(text, 4_000), (name, 40_000)] {
        let once = [&copied[..], b"q\x00"].concat();
        check(&pickle(&[&once[..], &b"h\x00".repeat(100)].concat())).unwrap();
        let often = pickle(&[&once[..], &b"h\x00".repeat(n)].concat());
        assert!(check(&often).unwrap_err().contains("objects"));
    }
    let deep = [&b"N"[..], &vec![0x85; 100_000]].concat();
    assert!(check(&pickle(&deep)).unwrap_err().contains("deep"));
}

#[test]
fn what_is_cut_or_out_of_order_is_refused() {
    for ops in [
        &b"t"[..],
        b"(u",
        b"h\x05",
        b"s",
        b"\x8a\x09123456789",
        b"(q\x00t",
        b"0",
    ] {
        assert!(check(&pickle(ops)).is_err(), "{ops:?}");
    }
    assert!(check(b"\x80\x02}").unwrap_err().contains("no end"));
    assert!(check(b"").is_err());
}
