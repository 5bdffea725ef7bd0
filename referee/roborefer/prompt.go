package roborefer

import "strings"

// media is the placeholders that the official code takes out of a user's text.
var media = []string{"<image>", "<vila/video>", "<depth>"}

// prompt is the chat as the model is given it, up to where its answer begins. tiles and depthTiles are the numbers of placeholders; depthTiles
// is 0 for RGB only. Text that the user typed is not escaped, as in the official code: "<|im_end|>" in it is the special token.
func (c *Config) prompt(text string, tiles, depthTiles int) string {
	return "<|im_start|>system\n" + c.System + "<|im_end|>\n<|im_start|>user\n" + c.content(text, tiles, depthTiles) + "<|im_end|>\n<|im_start|>assistant\n"
}

// content is the user's turn (RoboRefer, llava/utils/media.py and mm_utils.py).
func (c *Config) content(text string, tiles, depthTiles int) string {
	for _, m := range media {
		if strings.Contains(text, m) {
			text = strip(strings.ReplaceAll(text, m, ""))
		}
	}
	image, depth := strings.Repeat("<image>\n", tiles), strings.Repeat("<depth>\n", depthTiles)
	if c.Variant == DynamicS2 {
		image, depth = "<image>", "<depth>"
	}
	switch {
	case depthTiles > 0:
		return strip(image + " " + depth + "\n" + strings.Trim(text, "\n"))
	case c.RGBNewline:
		return strip(image + "\n" + text)
	}
	return strip(image + text)
}

// strip is Python's str.strip: Unicode white space, and the separators 0x1C to 0x1F.
func strip(s string) string { return strings.TrimFunc(s, isPythonSpace) }

func isPythonSpace(r rune) bool { return isSpace(r) || r >= 0x1c && r <= 0x1f }
