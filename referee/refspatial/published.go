package refspatial

// A Published row is what somebody else reported.
type Published struct {
	Model  string
	Split  string // "location", "placement", "unseen", "average" (mean of location and placement), "all"
	Value  float64
	Source string // where it stands
	// Protocol says how the number came about, as far as its source tells: rows of different protocols do not rank.
	Protocol string
}

const (
	protocolPaper   = "official scorer, prompt and grammar by family; unreadable answers dropped"
	protocolRerun   = "official server and scorer, released checkpoint, run by a user"
	protocolUnknown = "prompt, coordinates and image size not stated; as quoted by others"
	sourceRoboRefer = "RoboRefer, arXiv 2506.04308 v4, table 3"
	sourceIssue24   = "RoboRefer issue 24"
)

// PublishedRows is the published results, in a fixed order; see docs/referees.md for how far they compare. The caller owns the result.
func PublishedRows() []Published {
	var rows []Published
	lpu := func(model string, l, p, u float64, source, protocol string) {
		for i, v := range []float64{l, p, u} {
			if v >= 0 {
				rows = append(rows, Published{model, []string{"location", "placement", "unseen"}[i], v, source, protocol})
			}
		}
	}
	lpu("RoboRefer-2B-SFT", 47.00, 48.00, 33.77, sourceRoboRefer, protocolPaper)
	lpu("RoboRefer-2B-SFT", 50.0, 51.0, 42.86, sourceIssue24, protocolRerun+", with depth")
	lpu("RoboRefer-2B-SFT", 51.0, 49.0, 38.96, sourceIssue24, protocolRerun+", RGB only")
	lpu("RoboRefer-8B-SFT", 52.00, 53.00, 37.66, sourceRoboRefer, protocolPaper)
	lpu("RoboRefer-2B-RFT", 52.00, 54.00, 41.56, sourceRoboRefer, protocolPaper)
	lpu("Gemini-2.5-Pro", 46.96, 24.21, 27.14, sourceRoboRefer, protocolPaper+"; JSON, 0-1000, one point asked for")
	lpu("SpaceLLaVA", 5.82, 4.31, 4.02, sourceRoboRefer, protocolPaper+"; fine-tuned by the authors to emit points")
	lpu("RoboPoint", 22.87, 9.27, 8.40, sourceRoboRefer, protocolPaper)
	lpu("Molmo-7B", 21.91, 12.85, 12.23, sourceRoboRefer, protocolPaper+"; XML, several points asked for")
	lpu("Molmo-72B", 45.77, 14.74, 21.24, sourceRoboRefer, protocolPaper+"; XML, several points asked for")
	for _, r := range []struct {
		model  string
		l, p   float64
		source string
	}{
		{"Qwen3-VL-4B", 43.00, 54.55, "RoboTracer, arXiv 2512.13660, table 3"},
		{"Qwen3-VL-8B", 51.00, 42.00, "RoboTracer, arXiv 2512.13660, table 3"},
		{"RoboBrain-2.0-7B", 36.00, 29.00, "RoboTracer, arXiv 2512.13660, table 3"},
		{"RoboTracer-2B-SFT", 49.00, 45.00, "RoboTracer, arXiv 2512.13660, table 3"},
		{"RoboTracer-8B-SFT", 55.00, 53.00, "RoboTracer, arXiv 2512.13660, table 3"},
	} {
		lpu(r.model, r.l, r.p, -1, r.source, "not stated")
	}
	lpu("Rex-Omni", 54.0, 50.0, 36.4, "quoted", protocolUnknown)
	lpu("GroundingPI-4B", 76.0, 75.0, 75.32, "GroundingPI, 2609.39601, quoted", protocolUnknown)
	lpu("GPT-6 Astra (high)", 86.00, 85.86, 81.93, "GroundingPI, 2609.39601, quoted", protocolUnknown)
	lpu("Qwen3.7-Max", 71.5, 66.0, 57.14, "GroundingPI, 2609.39601, quoted", protocolUnknown)
	for _, r := range []struct {
		model string
		v     float64
		split string
		from  string
	}{
		{"Gemini Robotics-ER 1.5, thinking", 48.5, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"Gemini Robotics-ER 1.5, no thinking", 41.8, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"Gemini Robotics-ER", 49.3, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"Gemini 2.5 Pro", 33.6, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"Gemini 2.5 Flash", 41.2, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"GPT-5", 23.5, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"GPT-5-mini", 23.0, "average", "Gemini Robotics 1.5 report, table 19, quoted"},
		{"Qwen3-VL-235B-A22B-Instruct", 65.5, "average", "Qwen3-VL report, quoted"},
		{"Qwen3-VL-235B-A22B-Thinking", 69.9, "average", "Qwen3-VL report, quoted"},
		{"Qwen3-VL-8B-Instruct", 54.2, "average", "Qwen3-VL report, quoted"},
		{"Qwen3-VL-2B-Instruct", 28.9, "average", "Qwen3-VL README, quoted"},
		{"RoboBrain-2.0-32B", 54.00, "average", "quoted"},
		{"GPT-6 Astra (low)", 78.0, "all", "PhysBrain 1.5, 2609.14973, table 4, quoted; micro-F1 over all 277"},
		{"Gemini 3.6 Flash", 76.4, "all", "PhysBrain 1.5, 2609.14973, table 4, quoted; micro-F1 over all 277"},
		{"PhysBrain 1.5-8B", 50.9, "all", "PhysBrain 1.5, 2609.14973, table 4, quoted; micro-F1 over all 277"},
	} {
		rows = append(rows, Published{r.model, r.split, r.v, r.from, protocolUnknown})
	}
	return rows
}

// ExpandRows is the same for RefSpatial-Expand-Bench, whose location and placement are other questions.
func ExpandRows() []Published {
	const source = "RoboRefer, arXiv 2506.04308 v4, table 14"
	return []Published{
		{"RoboRefer-2B-SFT", "location", 50.21, source, protocolPaper},
		{"RoboRefer-2B-SFT", "placement", 48.50, source, protocolPaper},
		{"RoboRefer-8B-SFT", "location", 61.00, source, protocolPaper},
		{"RoboRefer-8B-SFT", "placement", 60.00, source, protocolPaper},
	}
}
