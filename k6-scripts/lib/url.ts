/** `{stream}` and `{stream%4}` stand for the stream's number, from 0, so that streams can follow different sequences. */
export function streamUrl(template: string, stream: number): string {
  return template.replaceAll(/\{stream(?:%(\d+))?\}/g, (_, modulo?: string) =>
    String(modulo === undefined ? stream : stream % Number(modulo)),
  )
}
