/** `{stream}` and `{stream%4}` in a URL stand for the user's number, so that users can follow different sequences. */
export function userUrl(template: string, stream: number): string {
  return template.replaceAll(/\{stream(?:%(\d+))?\}/g, (_, modulo?: string) =>
    String(modulo === undefined ? stream : stream % Number(modulo)),
  )
}
