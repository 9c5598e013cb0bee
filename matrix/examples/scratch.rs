use shakedown_matrix::{axes::Axes, lab::Lab, model::predict, verdict::{judge, Verdict}};
use std::collections::BTreeMap;
fn main() {
    let axes = Axes::new();
    let lab = Lab::new();
    let mut counts: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let space = axes.space(&[]).unwrap();
    let mut n = 0; let mut agree = 0;
    let mut points = vec![];
    for c in 0..3 { for s in 0..3 {
        for cv in ["1.2+1.3","1.2","1.3"] {
        for (i, axis) in axes.list().iter().enumerate().skip(2) {
            for v in 0..axis.values.len() {
                for req in [false, true] {
                let mut p = axes.plain(); p[0]=c; p[1]=s;
                let iv = axes.index("client.versions").unwrap();
                p[iv] = axes.value(iv, cv).unwrap();
                if req {
                    let a = axes.index("server.client-auth").unwrap(); p[a]=2;
                    let a = axes.index("client.key").unwrap(); p[a]=1;
                } else if axis.name.starts_with("client.flaw") || axis.name.starts_with("client.loading") { continue; }
                p[i]=v;
                if space.allows(&p) { points.push(p); }
                }
            }
        }}
    }}
    if let Some(r) = std::env::args().nth(2) {
        let r: usize = r.parse().unwrap();
        points.clear();
        let mut x: u64 = std::env::args().nth(3).map_or(1, |a| a.parse().unwrap());
        let mut next = move || { x = x.wrapping_add(0x9e3779b97f4a7c15); let mut z = x; z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9); z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb); z ^ (z >> 31) };
        while points.len() < r {
            let p: Vec<usize> = axes.list().iter().enumerate().map(|(i, a)| if i < 2 || next() % 4 == 0 { (next() % a.values.len() as u64) as usize } else { 0 }).collect();
            if space.allows(&p) { points.push(p); }
        }
    }
    for p in points {
        let s = axes.scenario(&p);
        let pred = predict(&s);
        let out = lab.run(&s);
        n += 1;
        match judge(&pred, &out) {
            Verdict::Agree | Verdict::Unsupported(_) => agree += 1,
            v => {
                let key = match &v { Verdict::Diverge(d) => d.iter().map(|d| format!("{:?} {}: expected {} actual {}", d.side, d.field, d.expected, d.actual)).collect::<Vec<_>>().join("\n    "), v => format!("{v:?}") };
                let key = format!("[{}->{}] {:?}\n    {}", &s.client.stack.name()[..4], &s.server.stack.name()[..4], pred.cause(), key);
                let e = counts.entry(key).or_insert((0, format!("{:?}", axes.describe(&p))));
                e.0 += 1;
            }
        }
    }
    println!("{n} scenarios, {agree} agree");
    let mut v: Vec<_> = counts.into_iter().collect();
    v.sort_by_key(|x| std::cmp::Reverse(x.1.0));
    for (k, (c, ex)) in v.iter().take(std::env::args().nth(1).map_or(40, |a| a.parse().unwrap())) { println!("{c}x {k}\n    e.g. {ex}"); }
}
