/** Text into HTML content or a double-quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** What XML 1.0 cannot hold at all, not even escaped. */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

export const escapeXml = (text: string): string => escapeHtml(text.replaceAll(NOT_XML, ' '))

/** Text into one line of markdown, table cells included: it can neither open a tag nor a link nor another cell. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replaceAll(/[\r\n]+/g, ' ')
      .replaceAll(/[\\`*_[\]|~#!]/g, String.raw`\$&`)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // A bare address or a mention becomes a link by itself on some hosts.
      .replaceAll('://', ':&#8203;//')
      .replaceAll('@', '&#64;')
  )
}
