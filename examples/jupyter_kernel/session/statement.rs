//! A cell as statements: where each begins and ends, and what kind it is.

/// What a line of a cell asks for. The texts are parts of the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement<'a> {
    /// `A : matrix(m, n); x : vector(n)`
    Declare(&'a str),
    /// `f = EXPR`
    Define(&'a str, &'a str),
    /// `EXPR`
    Answer(&'a str),
    /// `verify EXPR`
    Verify(&'a str),
    /// `check LEFT == RIGHT`
    Check(&'a str, &'a str),
    /// `explain EXPR`
    Explain(&'a str),
    /// `solve LEFT = RIGHT for X`
    Solve(&'a str, &'a str),
    /// `numpy EXPR`
    Numpy(&'a str),
    /// `draw EXPR`
    Draw(&'a str),
    /// `names`
    Names,
    /// `help`, `?`
    Help,
    /// `?name`
    Inspect(&'a str),
}

/// Words with which a statement may begin, and how it goes on.
pub const VERBS: &[(&str, &str)] = &[
    ("check", "check LEFT == RIGHT: are the two equal? A proof, or values at which they differ"),
    ("draw", "draw EXPR: the contractions of an expression as a tensor network"),
    ("explain", "explain diff(F, X): the derivation line by line; also of a name that was defined so"),
    ("help", "help: what may stand in a cell; ?name: what is known of a name, a function or a rule"),
    ("names", "names: what is declared and defined"),
    ("numpy", "numpy EXPR: Python with NumPy that computes it"),
    ("solve", "solve LEFT = RIGHT for X: the unknown of an equation"),
    ("verify", "verify EXPR: the answer, held against central differences at random points"),
];

/// Why a line is no statement: what to write instead.
pub type Refusal = String;

/// The statements of a cell, each with its first byte in it. A statement ends with its line, unless a bracket is open, an operator
/// ends the line, or the next line is indented.
pub fn lines(cell: &str) -> Vec<(usize, &str)> {
    let mut all: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for line in cell.split_inclusive('\n') {
        let end = start + line.len();
        // The rest of a line is a remark.
        let text = line.split('#').next().unwrap_or(line).trim_end();
        let goes_on =
            all.last().is_some_and(|(from, to)| is_open(&cell[*from..*to]) || (line.starts_with([' ', '\t']) && !text.is_empty()));
        match all.last_mut() {
            Some(last) if goes_on => last.1 = start + text.len(),
            _ if text.is_empty() => {}
            _ => all.push((start, start + text.len())),
        }
        start = end;
    }
    let trimmed = |(from, to): (usize, usize)| {
        let text = cell[from..to].trim_end_matches([';', ' ']);
        let margin = text.len() - text.trim_start().len();
        (from + margin, text.trim_start())
    };
    all.into_iter().map(trimmed).filter(|(_, text)| !text.is_empty()).collect()
}

/// Whether more has to follow: a bracket is not closed, or the last sign wants another operand.
pub fn is_open(text: &str) -> bool {
    let depth: i64 = text.chars().map(|c| i64::from("([{".contains(c)) - i64::from(")]}".contains(c))).sum();
    depth > 0 || text.trim_end().ends_with(['+', '-', '*', '/', '=', ',', '^', '\\', ':', '⊗', '⊙']) || text.trim_end().ends_with(" where")
}

/// What kind of statement a line is.
///
/// # Errors
/// What to write instead, if a verb lacks something.
pub fn read(line: &str) -> Result<Statement<'_>, Refusal> {
    if line.starts_with('?') || line.ends_with('?') {
        let name = line.trim_matches(['?', ' ']);
        return Ok(if name.is_empty() { Statement::Help } else { Statement::Inspect(name) });
    }
    match line {
        "names" => return Ok(Statement::Names),
        "help" => return Ok(Statement::Help),
        _ => {}
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    if let Some((verb, usage)) = VERBS.iter().find(|(verb, _)| *verb == word)
        && !is_operator(rest)
    {
        return verb_of(verb, rest).ok_or_else(|| format!("write `{}`", usage.split(':').next().unwrap_or(usage)));
    }
    if is_declaration(line) {
        return Ok(Statement::Declare(line));
    }
    Ok(match line.split_once('=') {
        Some((name, formula)) if is_name(name.trim()) && !formula.starts_with('=') => Statement::Define(name.trim(), formula.trim()),
        _ => Statement::Answer(line),
    })
}

/// Whether what follows a word makes a variable of it, as in `draw = 2`; a sign without a space behind it is that of an operand.
fn is_operator(rest: &str) -> bool {
    rest.starts_with(['=', ':', '*', '/', '.', '\'', '^']) || rest.starts_with("+ ") || rest.starts_with("- ")
}

fn verb_of<'a>(verb: &str, rest: &'a str) -> Option<Statement<'a>> {
    if rest.is_empty() {
        return None;
    }
    Some(match verb {
        "verify" => Statement::Verify(rest),
        "explain" => Statement::Explain(rest),
        "numpy" => Statement::Numpy(rest),
        "draw" => Statement::Draw(rest),
        "check" => {
            let (left, right) = rest.split_once("==")?;
            Statement::Check(left.trim(), right.trim())
        }
        "solve" => {
            let (equation, unknown) = rest.rsplit_once(" for ")?;
            Statement::Solve(equation.trim(), unknown.trim())
        }
        _ => return None,
    })
}

/// Whether it begins with names and a colon, or with `∈`.
fn is_declaration(line: &str) -> bool {
    let names = line.split_once([':', '∈']).map(|(names, _)| names).or_else(|| line.split_once(r"\in ").map(|(names, _)| names));
    names.is_some_and(|names| names.split(',').all(|name| is_name(name.trim())))
}

/// Whether it is one name, such as `A`, `x_1` or `λ`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
