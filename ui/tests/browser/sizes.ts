/** The windows that everything has to fit: wide, usual, with large text, the smallest that can be made, and smaller. `text` is how large text is, 1 being usual. */
export const SIZES = [
  { width: 1600, height: 1000, text: 1 },
  { width: 960, height: 640, text: 1 },
  { width: 960, height: 640, text: 1.5 },
  { width: 720, height: 480, text: 1 },
  { width: 480, height: 320, text: 1 },
];
