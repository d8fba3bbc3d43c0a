/**
 * Input methods (Japanese, Chinese, Korean, many phones) compose what is typed before it stands. Until then a field
 * holds a draft: whoever rewrites it has it typed twice, and Enter chooses among words, it does not send.
 */
export function isDraft(event: Event): boolean {
  return (event as InputEvent).isComposing === true;
}

/**
 * Enter that means to send. Safari ends a composition before it tells of the key that ended it, and marks that key
 * only by the code 229 (UI Events, "keyCode during composition").
 */
export function isEnter(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.isComposing && event.keyCode !== 229;
}
