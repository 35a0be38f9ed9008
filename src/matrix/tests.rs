use super::*;
use crate::expr::{Kind, Shape, Structure};

fn m(t: &mut Terms, name: &str, rows: &str, columns: &str) -> Id {
    t.var(&Var::new(name, Shape::Matrix(Dim::symbol(rows), Dim::symbol(columns))))
}

fn v(t: &mut Terms, name: &str, n: &str) -> Id {
    t.var(&Var::new(name, Shape::Column(Dim::symbol(n))))
}

fn s(t: &mut Terms, name: &str) -> Id {
    t.var(&Var::new(name, Shape::Scalar))
}

#[test]
fn tokens_are_those_of_the_printed_text() {
    let t = &mut Terms::new();
    let (a, x) = (m(t, "A", "m", "n"), v(t, "x", "n"));
    let ax = t.mul(&[a, x]);
    let norm = t.call(MatFn::Norm2, &[ax]);
    let over = t.power(norm, &Number::int(-2));
    let at = t.transpose(a);
    let gradient = t.mul(&[at, ax, over]);
    let gradient = t.scale(&Number::int(2), gradient);
    assert_eq!((t.tokens(gradient), t.show(gradient).as_str()), (15, "2*((norm2(A*x)^-2).(A'*A*x))"));
    let half = t.scale(&Number::ratio(1, 2), x);
    assert_eq!(t.tokens(half), 3);
    let reciprocal = t.power(norm, &Number::int(-1));
    assert_eq!(t.tokens(reciprocal), 6);
    let mean = t.call(MatFn::Mean, &[x]);
    let mean = t.fill(mean, Dim::symbol("n"), Dim::ONE);
    let centred = t.add(&[(Number::ONE, x), (Number::MINUS_ONE, mean)]);
    assert_eq!((t.tokens(centred), t.tokens(mean)), (4, 5));
    let doubled = t.power(norm, &Number::int(-1));
    let doubled = t.scale(&Number::int(2), doubled);
    assert_eq!(t.tokens(doubled), 6);
}

#[test]
fn sums_are_flat_with_like_terms_merged_and_their_content_outside() {
    let t = &mut Terms::new();
    let (x, y) = (v(t, "x", "n"), v(t, "y", "n"));
    let difference = t.add(&[(Number::int(2), x), (Number::int(-2), y)]);
    let opposite = t.add(&[(Number::ONE, y), (Number::MINUS_ONE, x)]);
    assert_eq!(t.show(difference), "2*(x - y)");
    assert_eq!(t.show(opposite), "-1*(x - y)");
    let nothing = t.add(&[(Number::ONE, difference), (Number::int(2), opposite)]);
    assert_eq!(*t.node(nothing), Mat::Zero(Form::column(Dim::symbol("n"))));
    let one = t.ones(Dim::symbol("n"), Dim::ONE);
    let shifted = t.add(&[(Number::ONE, y), (Number::int(3), one), (Number::ONE, x), (Number::int(-1), one)]);
    assert_eq!(t.tokens(shifted), 5);
}

#[test]
fn products_let_scalars_out_and_merge_powers() {
    let t = &mut Terms::new();
    let (a, x, y, r) = (m(t, "A", "n", "n"), v(t, "x", "n"), v(t, "y", "n"), s(t, "s"));
    let xt = t.transpose(x);
    let inner = t.mul(&[xt, a, y]);
    let yt = t.transpose(y);
    let at = t.transpose(a);
    let turned = t.mul(&[yt, at, x]);
    assert_eq!(inner, turned);
    let chain = t.mul(&[x, yt, a, x, xt]);
    assert_eq!(t.show(chain), "(y'*A*x).(x*x')");
    let over = t.power(r, &Number::int(-2));
    let cancelled = t.had(&[r, over, inner, r]);
    assert_eq!(cancelled, inner);
    let whole = t.mul(&[xt, y, yt, x, r]);
    assert_eq!(t.show(whole), "s.((x'*y)^2)");
}

#[test]
fn transposes_move_inwards_where_that_is_no_longer() {
    let t = &mut Terms::new();
    let (a, b) = (m(t, "A", "n", "n"), m(t, "B", "n", "n"));
    let p = t.var(&Var::new(
        "P",
        Kind { structure: Structure::PositiveDefinite, ..Kind::plain(Shape::Matrix(Dim::symbol("n"), Dim::symbol("n"))) },
    ));
    let product = t.mul(&[a, p, b]);
    let turned = t.transpose(product);
    assert_eq!(t.show(turned), "B'*P*A'");
    let sum = t.plus(&[a, b]);
    let turned = t.transpose(sum);
    assert_eq!(t.show(turned), "(A + B)'", "a sum keeps its transpose outside");
    let (at, bt) = (t.transpose(a), t.transpose(b));
    let sum = t.plus(&[at, bt]);
    let turned = t.transpose(sum);
    assert_eq!(t.show(turned), "A + B");
    let inverse = t.call(MatFn::Inv, &[at]);
    assert_eq!(t.show(inverse), "inv(A)'");
}

#[test]
fn the_order_of_building_does_not_matter() {
    let build = |names: [&str; 3]| {
        let t = &mut Terms::new();
        names.iter().for_each(|name| _ = v(t, name, "n"));
        let (x, y, z) = (v(t, "x", "n"), v(t, "y", "n"), v(t, "z", "n"));
        let product = t.had(&[x, y]);
        let sum = t.add(&[(Number::int(-1), product), (Number::ONE, z)]);
        t.show(sum)
    };
    assert_eq!(build(["x", "y", "z"]), build(["z", "y", "x"]));
}
