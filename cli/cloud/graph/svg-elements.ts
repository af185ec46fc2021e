/** What the picture is drawn with. Text is set in a font of fixed width, so its width is known without a browser. */

export const FONT_SIZE = 13;
/** Width of a letter, pixels: a little more than fonts of fixed width have. */
const LETTER = FONT_SIZE * 0.62;

/** Pixels that a text is wide at most. */
export function widthOf(text: string): number {
  let letters = 0;
  for (const letter of text) letters += (letter.codePointAt(0) ?? 0) > 0x2e7f ? 2 : 1;
  return Math.ceil(letters * LETTER);
}

/** Safe as text and as an attribute's value, without characters that XML does not have. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return text

    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/gu, "\ufffd")
    .replace(/[&<>"']/g, (letter) => entities[letter]!);
}

type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, content?: string): string {
  const words = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeXml(String(value))}"`,
  );
  return content === undefined
    ? `<${name}${words.join("")}/>`
    : `<${name}${words.join("")}>${content}</${name}>`;
}

export function textAt(x: number, y: number, text: string, kind = ""): string {
  return element("text", { x, y, ...(kind === "" ? {} : { class: kind }) }, escapeXml(text));
}

export function box(x: number, y: number, width: number, height: number, kind: string): string {
  return element("rect", { x, y, width, height, rx: 6, class: kind });
}

export function dot(x: number, y: number, kind: string): string {
  return element("circle", { cx: x, cy: y, r: 4.5, class: kind });
}

export function lineDown(x: number, from: number, to: number, kind: string): string {
  return element("line", { x1: x, y1: from, x2: x, y2: to, class: kind });
}

/** Colours that are told apart on light and on dark grounds; networks take them in turn. */
const NETWORK_COLOURS = [
  ...["#4477aa", "#cc6677", "#228833", "#b58900", "#aa3377", "#2aa198", "#7f6ab0", "#d9722e"],
];

/** The class of the network with this number. */
export function networkClass(index: number): string {
  return `n${index % NETWORK_COLOURS.length}`;
}

/** Light by default; dark where the reader's system is. */
export const STYLE = [
  `text{font:${FONT_SIZE}px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#1f2328}`,
  ".title{font-weight:bold}.quiet{fill:#59636e}",
  ".ground{fill:#ffffff}.host{fill:#f6f8fa;stroke:#8c959f}.container{fill:#ffffff;stroke:#d1d9e0}",
  ".port{fill:#fff8c5;stroke:#d4a72c}line{stroke-width:2}",
  ...NETWORK_COLOURS.map(
    (colour, index) =>
      `rect.n${index}{fill:${colour};fill-opacity:.16;stroke:${colour}}circle.n${index}{fill:${colour}}line.n${index}{stroke:${colour}}`,
  ),
  "@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.ground{fill:#0d1117}",
  ".host{fill:#151b23;stroke:#656c76}.container{fill:#0d1117;stroke:#3d444d}.port{fill:#272115;stroke:#9e6a03}",
  NETWORK_COLOURS.map((_, index) => `rect.n${index}{fill-opacity:.3}`).join(""),
  "}",
].join("\n");
