fn check(name: &str, seen: &[usize], expected: &[usize]) {
    assert!(seen == expected, "{name} has the shape {seen:?}, expected {expected:?}");
}
