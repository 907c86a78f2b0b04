//! The frame of the page: style, sections, escaping.

use crate::text::escape_markup;

/// The style: system fonts, narrow enough to read, and whole on paper.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#1c2024;background:#fff;\
max-width:960px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
.lead{font-size:1.05rem}.bad{color:#b3261e}.quiet{color:#5f6b76;font-size:.85rem}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th{font-weight:600;text-align:left;color:#5f6b76}td,th{padding:.15rem .6rem;vertical-align:top}\
td.n,th.n{text-align:right}tr+tr td{border-top:1px solid #e6e9ec}\
.matrix td,.matrix th{padding:.2rem .35rem;text-align:center;border:1px solid #fff;font-size:.8rem}\
.images{display:flex;flex-wrap:wrap;gap:.6rem}figure{margin:0;width:76px;text-align:center}\
figure img{width:72px;height:72px;object-fit:contain;image-rendering:pixelated;background:#000}\
figcaption{font-size:.72rem;line-height:1.2}svg{max-width:100%;height:auto}\
@media print{body{margin:0;max-width:none}section{break-inside:avoid}\
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

/// Returns the whole page.
pub(super) fn html(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n{body}</body>\n</html>\n",
        escape_markup(title)
    )
}

/// Returns a section with a heading.
pub(super) fn section(heading: &str, content: &str) -> String {
    format!(
        "<section>\n<h2>{}</h2>\n{content}</section>\n",
        escape_markup(heading)
    )
}
