//! Networks as SVG: factors are nodes, indices edges, free indices open ends.
//!
//! `layout-rs` says where everything stands. What it draws goes through [`Canvas`], since its own writer numbers its lines from 0 in
//! every picture, and a page has several.

use super::network::{Factor, Network};
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use std::fmt::Write;

/// The sizes of letters of factors, and of indices.
const FONT: usize = 16;
const INDEX_FONT: usize = 14;
/// The width of a letter, about.
const LETTER: f64 = 9.0;
const NODE: f64 = 34.0;
/// The height of a line of text between pictures.
const LINE: f64 = 24.0;
/// The space around a picture.
const MARGIN: f64 = 10.0;
/// A page is about as wide; terms beyond it stand below.
const PAGE: f64 = 900.0;
/// The layout's unit. Its gaps are fixed and wide; what it places is enlarged by as much as the result is shrunk.
const SCALE: f64 = 0.5;
/// The longest name of a node.
const LONGEST: usize = 28;

/// Elements of SVG, and how much room they take.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    body: String,
    width: f64,
    height: f64,
}

impl Picture {
    /// A line of text.
    pub fn text(text: &str) -> Picture {
        let mut body = String::new();
        write_text(&mut body, Point::new(0.0, LINE / 2.0), text);
        Picture { body, width: LETTER * (1 + text.chars().count()) as f64, height: LINE }
    }

    /// A whole picture. It is drawn in black on white, whatever the page is.
    pub fn svg(&self) -> String {
        let (width, height) = (self.width + 2.0 * MARGIN, self.height + 2.0 * MARGIN);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             style=\"max-width: 100%; height: auto\" font-family=\"serif\" font-size=\"{FONT}\">\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>{}</svg>",
            moved(&self.body, MARGIN, MARGIN)
        )
    }

    /// Pictures from top to bottom.
    pub fn above(all: &[Picture]) -> Picture {
        let mut whole = Picture::default();
        for picture in all {
            whole.body += &moved(&picture.body, 0.0, whole.height);
            whole.height += picture.height;
            whole.width = whole.width.max(picture.width);
        }
        whole
    }

    /// Pictures from left to right, in lines as wide as a page.
    pub fn beside(all: &[Picture]) -> Picture {
        let mut lines: Vec<Vec<&Picture>> = Vec::new();
        let mut width = f64::INFINITY;
        for picture in all {
            if width + picture.width > PAGE {
                lines.push(Vec::new());
                width = 0.0;
            }
            width += picture.width;
            if let Some(line) = lines.last_mut() {
                line.push(picture);
            }
        }
        Picture::above(&lines.iter().map(|line| Picture::row(line)).collect::<Vec<_>>())
    }

    fn row(all: &[&Picture]) -> Picture {
        let height = all.iter().fold(0.0, |h: f64, p| h.max(p.height));
        let mut whole = Picture { height, ..Picture::default() };
        for picture in all {
            whole.body += &moved(&picture.body, whole.width, (height - picture.height) / 2.0);
            whole.width += picture.width;
        }
        whole
    }

    /// A network without its numbers, all of whose factors hang together.
    pub fn network(network: &Network) -> Picture {
        let mut graph = VisualGraph::new(Orientation::LeftToRight);
        let nodes: Vec<_> = network.factors.iter().map(|f| graph.add_node(node(f))).collect();
        for (index, name) in network.names.iter().enumerate() {
            let times = |f: &Factor| f.indices.iter().filter(|i| **i == index).count();
            let mut ends: Vec<_> = network.factors.iter().zip(&nodes).flat_map(|(f, n)| vec![*n; times(f)]).collect();
            let (mut left, mut right) = (Vec::new(), Vec::new());
            for (axis, indices) in network.open.iter().enumerate() {
                // The first axis goes out to the left, unless it is that of the last factor.
                let is_last = network.factors.len() > 1
                    && network.factors.iter().position(|f| f.indices.contains(&index)) == Some(network.factors.len() - 1);
                let side = if axis == 0 && !is_last { &mut left } else { &mut right };
                side.extend(indices.iter().filter(|i| **i == index).map(|_| graph.add_node(element("", 2.0, "white"))));
            }
            ends = [left, ends, right].concat();
            match ends[..] {
                [] => {}
                [one, other] => graph.add_edge(edge(name), one, other),
                _ => {
                    // An index of three or more ends meets in a point.
                    let point = graph.add_node(element("", 9.0, "black"));
                    for (at, end) in ends.iter().enumerate() {
                        let label = if at == 0 { name.as_str() } else { "" };
                        let (from, to) = if at == 0 { (*end, point) } else { (point, *end) };
                        graph.add_edge(edge(label), from, to);
                    }
                }
            }
        }
        let mut canvas = Canvas::default();
        graph.do_it(false, false, false, &mut canvas);
        canvas.picture()
    }
}

fn moved(body: &str, x: f64, y: f64) -> String {
    format!("<g transform=\"translate({x:.0} {y:.0})\">{body}</g>")
}

fn write_text(body: &mut String, at: Point, text: &str) {
    let _ = write!(body, "<text x=\"{:.0}\" y=\"{:.0}\" dy=\".35em\">{}</text>", at.x, at.y, super::show::escaped(text));
}

fn style(fill: &str, font: usize) -> StyleAttr {
    StyleAttr::new(Color::fast("black"), 1, Some(Color::fast(fill)), 0, font)
}

fn element(name: &str, width: f64, fill: &str) -> Element {
    let size = Point::new(width, width.min(NODE));
    Element::create(ShapeKind::new_circle(name), style(fill, FONT), Orientation::LeftToRight, size.scale(1.0 / SCALE))
}

fn node(factor: &Factor) -> Element {
    let mut name: String = factor.name.chars().take(LONGEST).collect();
    if name.chars().count() < factor.name.chars().count() {
        name.push('…');
    }
    element(&name, NODE.max(20.0 + LETTER * name.chars().count() as f64), "white")
}

fn edge(index: &str) -> Arrow {
    Arrow::new(LineEndKind::None, LineEndKind::None, LineStyleKind::Normal, index, &style("white", INDEX_FONT), &None, &None)
}

/// A curve: a point and its control point, a control point and its point for each further one. An index of one factor twice is a loop.
fn line(points: &[Point]) -> String {
    let written = |points: &[Point]| points.iter().map(|p| format!("{:.0} {:.0}", p.x, p.y)).collect::<Vec<_>>().join(" ");
    let [first, control, second_control, second, rest @ ..] = points else { return String::new() };
    if let [_, last] = rest
        && last.distance_to(*first) < NODE / 2.0
    {
        // Its summit is three quarters as far away as the control points.
        let (out, aside) = (second.sub(*first).scale(4.0 / 3.0), Point::new(NODE, 0.0));
        return format!("M {} C {}", written(&[*first]), written(&[first.add(out).sub(aside), first.add(out).add(aside), *first]));
    }
    let further: Vec<String> = rest.chunks(2).map(|pair| format!(" S {}", written(pair))).collect();
    format!("M {} C {}{}", written(&[*first]), written(&[*control, *second_control, *second]), further.join(""))
}

/// What is drawn: edges below nodes, nodes below text.
#[derive(Default)]
struct Canvas {
    edges: String,
    nodes: String,
    names: String,
    /// An index stands on its line, which ends before it.
    indices: String,
    /// The corners of what is drawn.
    corners: Option<(Point, Point)>,
}

impl Canvas {
    fn grow(&mut self, at: Point, size: Point) {
        let (low, high) = (at.sub(size.scale(0.5)), at.add(size.scale(0.5)));
        self.corners = Some(
            self.corners
                .map_or((low, high), |(l, h)| (Point::new(l.x.min(low.x), l.y.min(low.y)), Point::new(h.x.max(high.x), h.y.max(high.y)))),
        );
    }

    fn picture(self) -> Picture {
        let Some((low, high)) = self.corners else { return Picture::default() };
        let mut body = format!("<g fill=\"none\" stroke=\"black\" stroke-width=\"1.5\">{}</g>", self.edges);
        let _ = write!(body, "<g fill=\"#eef3fb\" stroke=\"black\">{}</g><g text-anchor=\"middle\">{}</g>", self.nodes, self.names);
        let _ = write!(
            body,
            "<g text-anchor=\"middle\" font-size=\"{INDEX_FONT}\" font-style=\"italic\" paint-order=\"stroke\" stroke=\"white\" \
             stroke-width=\"5\">{}</g>",
            self.indices
        );
        let size = high.sub(low);
        Picture { body: moved(&body, MARGIN - low.x, MARGIN - low.y), width: size.x + 2.0 * MARGIN, height: size.y + 2.0 * MARGIN }
    }
}

/// Circles, texts and lines; no other shape is in a network.
impl RenderBackend for Canvas {
    fn draw_rect(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>, _: Option<ClipHandle>) {}

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, at: Point, size: Point, _: &StyleAttr, _: Option<String>) {
        let (at, size) = (at.scale(SCALE), size.scale(SCALE));
        self.grow(at, size);
        // An open end is nothing but the end of its line.
        if size.x < 3.0 {
            return;
        }
        let fill = if size.x < NODE { " fill=\"black\"" } else { "" };
        let _ = write!(
            self.nodes,
            "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"{:.0}\"{fill}/>",
            at.x - size.x / 2.0,
            at.y - size.y / 2.0,
            size.x,
            size.y,
            size.y / 2.0
        );
    }

    fn draw_text(&mut self, at: Point, text: &str, look: &StyleAttr) {
        if text.is_empty() {
            return;
        }
        let at = at.scale(SCALE);
        self.grow(at, Point::new(LETTER * text.chars().count() as f64, FONT as f64));
        let texts = if look.font_size == INDEX_FONT { &mut self.indices } else { &mut self.names };
        write_text(texts, at, text);
    }

    fn draw_arrow(&mut self, path: &[(Point, Point)], _: bool, _: (bool, bool), _: &StyleAttr, _: Option<String>, _: &str) {
        let points: Vec<Point> = path.iter().flat_map(|(a, b)| [a.scale(SCALE), b.scale(SCALE)]).collect();
        points.iter().for_each(|p| self.grow(*p, Point::zero()));
        let _ = write!(self.edges, "<path d=\"{}\"/>", line(&points));
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}
