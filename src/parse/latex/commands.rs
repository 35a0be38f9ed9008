//! The commands of LaTeX that are understood, as tables, and what to write instead of others.

use crate::function::Function;

/// What a command does in a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Only space, or a setting of type.
    Space,
    /// The same with `{…}` after it.
    SpaceWithArgument,
    /// A type face, which changes no name: `\mathbf{x}` is x.
    Face,
    /// What follows is one word, in upright letters.
    Word,
    /// A sign over a name, which makes another name: `\hat{y}` is `y_hat`.
    Accent(&'static str),
    /// A letter, by its English name.
    Letter(&'static str),
    /// A function, by its name in the language.
    Function(&'static str),
    /// A sign between two factors.
    Operator,
    /// A closing bracket.
    Close,
    /// What begins a factor.
    Opens,
    /// What no expression has, with what to write instead.
    Refused(&'static str),
}

/// What a command does, if it is known.
pub fn role(command: &str) -> Option<Role> {
    let listed = LISTS.iter().find(|(_, commands)| commands.contains(&command)).map(|(role, _)| *role);
    listed
        .or_else(|| ACCENTS.iter().find(|(c, _)| *c == command).map(|(_, suffix)| Role::Accent(suffix)))
        .or_else(|| LETTERS.iter().find(|(c, ..)| *c == command).map(|(_, name, _)| Role::Letter(name)))
        .or_else(|| REFUSED.iter().find(|(c, _)| c.contains(&command)).map(|(_, help)| Role::Refused(help)))
        .or_else(|| function(command).map(|f| Role::Function(f.name())))
}

/// Every command, for suggestions.
pub fn all() -> impl Iterator<Item = &'static str> {
    let listed = LISTS.iter().flat_map(|(_, commands)| commands.iter().copied());
    let functions = ["log", "ln", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "det", "max", "min"].into_iter();
    listed.chain(ACCENTS.iter().map(|(c, _)| *c)).chain(LETTERS.iter().map(|(c, ..)| *c)).chain(functions)
}

/// The function that a word means, by its name in the language or by one that papers use.
pub fn function(word: &str) -> Option<Function> {
    let name = SPELLINGS.iter().find(|(spelling, _)| *spelling == word).map_or(word, |(_, name)| name);
    // A word of one letter is a name, and `\vec` alone an arrow.
    if name.len() < 2 { None } else { Function::named(name) }
}

const SPELLINGS: &[(&str, &str)] = &[
    ("Tr", "tr"),
    ("Trace", "tr"),
    ("TR", "tr"),
    ("Det", "det"),
    ("Diag", "diag"),
    ("Vec", "vec"),
    ("VEC", "vec"),
    ("ReLU", "relu"),
    ("Softmax", "softmax"),
    ("SoftMax", "softmax"),
    ("LSE", "logsumexp"),
    ("lse", "logsumexp"),
    ("Sigmoid", "sigmoid"),
    ("sigm", "sigmoid"),
    ("logit", ""),
    ("arsinh", "asinh"),
    ("arcosh", "acosh"),
    ("artanh", "atanh"),
    ("tg", "tan"),
    ("ctg", "cot"),
    ("Log", "log"),
    ("lg", ""),
    ("SoftPlus", "softplus"),
    ("Softplus", "softplus"),
    ("Exp", "exp"),
];

const LISTS: &[(Role, &[&str])] = &[
    (
        Role::Space,
        &[
            "quad",
            "qquad",
            "displaystyle",
            "textstyle",
            "scriptstyle",
            "limits",
            "nolimits",
            "nonumber",
            "notag",
            "thinspace",
            "enspace",
            "mathopen",
            "mathclose",
            "mathbin",
            "mathrel",
            "mathord",
            "mathstrut",
            "strut",
            "allowbreak",
            "nobreak",
            "normalsize",
            "relax",
        ],
    ),
    (Role::SpaceWithArgument, &["label", "tag", "hspace", "vspace", "phantom", "vphantom", "hphantom", "mspace"]),
    (
        Role::Face,
        &[
            "mathbf",
            "boldsymbol",
            "bm",
            "mathcal",
            "mathsf",
            "mathit",
            "mathscr",
            "mathfrak",
            "mathbb",
            "bf",
            "pmb",
            "symbf",
            "mathnormal",
            "underline",
            "vec",
            "mathbfit",
            "mathbfsf",
            "bold",
            "cal",
            "rm",
            "sf",
            "mathds",
            "mathbbm",
        ],
    ),
    (Role::Word, &["operatorname", "mathrm", "text", "textrm", "textbf", "textit", "textsf", "mathtt", "texttt", "mathop", "mbox"]),
    (
        Role::Operator,
        &[
            "cdot",
            "times",
            "odot",
            "circ",
            "otimes",
            "oslash",
            "div",
            "ast",
            "star",
            "bullet",
            "over",
            "bigodot",
            "boxtimes",
            "top",
            "intercal",
            "prime",
            "dagger",
            "transpose",
            "\\",
            "backslash",
        ],
    ),
    (Role::Close, &["rangle", "rVert", "rvert", "rbrace", "}", "rbrack", "rparen"]),
    (
        Role::Opens,
        &[
            "frac", "tfrac", "dfrac", "cfrac", "nicefrac", "sfrac", "sqrt", "sum", "prod", "nabla", "partial", "langle", "lVert", "lvert",
            "lbrace", "{", "lbrack", "lparen", "Vert", "vert", "|", "infty",
        ],
    ),
];

const ACCENTS: &[(&str, &str)] = &[
    ("hat", "hat"),
    ("widehat", "hat"),
    ("bar", "bar"),
    ("overline", "bar"),
    ("tilde", "tilde"),
    ("widetilde", "tilde"),
    ("dot", "dot"),
    ("ddot", "ddot"),
    ("check", "check"),
    ("breve", "breve"),
    ("acute", "acute"),
    ("grave", "grave"),
    ("mathring", "ring"),
];

/// Commands of letters, the English name, and the letter itself.
pub const LETTERS: &[(&str, &str, char)] = &[
    ("alpha", "alpha", 'α'),
    ("beta", "beta", 'β'),
    ("gamma", "gamma", 'γ'),
    ("delta", "delta", 'δ'),
    ("epsilon", "epsilon", 'ϵ'),
    ("varepsilon", "epsilon", 'ε'),
    ("zeta", "zeta", 'ζ'),
    ("eta", "eta", 'η'),
    ("theta", "theta", 'θ'),
    ("vartheta", "theta", 'ϑ'),
    ("iota", "iota", 'ι'),
    ("kappa", "kappa", 'κ'),
    ("varkappa", "kappa", 'ϰ'),
    ("lambda", "lambda", 'λ'),
    ("mu", "mu", 'μ'),
    ("nu", "nu", 'ν'),
    ("xi", "xi", 'ξ'),
    ("omicron", "omicron", 'ο'),
    ("pi", "pi", 'π'),
    ("varpi", "pi", 'ϖ'),
    ("rho", "rho", 'ρ'),
    ("varrho", "rho", 'ϱ'),
    ("sigma", "sigma", 'σ'),
    ("varsigma", "sigma", 'ς'),
    ("tau", "tau", 'τ'),
    ("upsilon", "upsilon", 'υ'),
    ("phi", "phi", 'ϕ'),
    ("varphi", "phi", 'φ'),
    ("chi", "chi", 'χ'),
    ("psi", "psi", 'ψ'),
    ("omega", "omega", 'ω'),
    ("Gamma", "Gamma", 'Γ'),
    ("Delta", "Delta", 'Δ'),
    ("Theta", "Theta", 'Θ'),
    ("Lambda", "Lambda", 'Λ'),
    ("Xi", "Xi", 'Ξ'),
    ("Pi", "Pi", 'Π'),
    ("Sigma", "Sigma", 'Σ'),
    ("Upsilon", "Upsilon", 'Υ'),
    ("Phi", "Phi", 'Φ'),
    ("Psi", "Psi", 'Ψ'),
    ("Omega", "Omega", 'Ω'),
    ("ell", "ell", 'ℓ'),
];

/// The English name of a Greek letter.
pub fn english(letter: char) -> Option<&'static str> {
    match letter {
        'µ' => Some("mu"),
        _ => LETTERS.iter().find(|(_, _, l)| *l == letter).map(|(_, name, _)| *name),
    }
}

const REFUSED: &[(&[&str], &str)] = &[
    (&["cdots", "ldots", "dots", "vdots", "ddots", "dotsc", "dotsb", "hdots"], r"write the sum with its index: \sum_{i=1}^n x_i"),
    (&["int", "iint", "oint"], "an integral is written in text: integral(F, t, a, b)"),
    (&["lim", "limsup", "liminf", "sup", "inf"], "limits are no expressions; write what the limit is"),
    (
        &[
            "leq", "le", "geq", "ge", "neq", "ne", "approx", "sim", "propto", "equiv", "simeq", "cong", "succ", "succeq", "prec", "preceq",
            "ll", "gg",
        ],
        "an expression has no relation; write one side of it",
    ),
    (
        &[
            "to",
            "rightarrow",
            "leftarrow",
            "mapsto",
            "Rightarrow",
            "implies",
            "iff",
            "Leftrightarrow",
            "longrightarrow",
            "coloneqq",
            "triangleq",
        ],
        "an expression has no arrow; write what stands on its right",
    ),
    (
        &["in", "notin", "subset", "subseteq", "cup", "cap", "forall", "exists", "setminus"],
        r"sets belong into declarations, such as `A \in \mathbb{R}^{m \times n}`",
    ),
    (&["pm", "mp"], "write the two cases one by one"),
    (&["argmin", "argmax", "arg"], "write only what is minimised"),
    (&["E", "Pr", "P", "Expect"], "expectations are not known; write them out"),
    (&["binom", "choose", "dbinom"], "write it with gamma: gamma(n+1)/(gamma(k+1)*gamma(n-k+1))"),
    (&["underbrace", "overbrace", "underset", "overset", "stackrel", "substack", "cancel", "not"], "write only what is in it"),
    (&["mid", "middle"], "a bar between two parts is no operation here"),
    (&["oplus", "ominus", "wedge", "vee", "bigoplus"], r"products are \cdot, \odot (elementwise) and \otimes (Kronecker)"),
    (&["lfloor", "rfloor", "lceil", "rceil", "floor", "ceil"], "rounding has no derivative and is not known"),
    (&["pmod", "bmod", "mod", "gcd"], "it is not known"),
    (&["left", "right"], "the bracket after it is missing"),
    (&["def", "newcommand", "input", "include", "usepackage", "let"], "write the formula alone, with macros written out"),
    (&["color", "textcolor"], "write the formula without colour"),
];
