import { FONT_SIZE } from "../../../cli/cloud/graph/svg-elements.js";

/** What is in a picture: texts with the widest extent that they can have, and boxes. Fails where it is no XML. */
export function readSvg(svg: string) {
  const open: string[] = [];
  const texts: { x: number; y: number; right: number; text: string }[] = [];
  const boxes: { x: number; y: number; right: number; bottom: number; kind: string }[] = [];
  let size = { width: 0, height: 0 };
  const tags = /<(\/?)([a-z]+)((?: [A-Za-z0-9-]+="[^"<]*")*)(\/?)>([^<]*)/g;
  let end = svg.indexOf("?>") + 2;
  for (const match of svg.matchAll(tags)) {
    const [whole, closing, name = "", attributes = "", alone, content = ""] = match;
    if (svg.slice(end, match.index).trim() !== "")
      throw new Error(`no XML: ${svg.slice(end, match.index)}`);
    end = match.index + whole.length;
    if (closing === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    if (alone === "") open.push(name);
    const of = Object.fromEntries(
      [...attributes.matchAll(/ ([A-Za-z0-9-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    ) as Record<string, string>;
    const [x, y] = [Number(of["x"]), Number(of["y"])];
    const [width, height] = [Number(of["width"]), Number(of["height"])];
    if (name === "svg") size = { width, height };
    if (name === "rect")
      boxes.push({ x, y, right: x + width, bottom: y + height, kind: of["class"] ?? "" });
    if (name === "text") {
      const text = plain(content);
      texts.push({ x, y, right: x + lettersOf(text) * FONT_SIZE * 0.61, text });
    }
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(", ")}`);
  return { ...size, texts, boxes };
}

/** Letters of one width; East Asian ones take two. */
function lettersOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + (/[\u3000-\u9fff]/.test(letter) ? 2 : 1), 0);
}

function plain(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&([a-z]+);/g, (_whole, name: string) => {
    const letter = entities[name];
    if (letter === undefined) throw new Error(`&${name}; is no entity of XML`);
    return letter;
  });
}
