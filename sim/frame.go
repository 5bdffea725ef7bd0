package sim

// A Frame is what a camera delivers: colour and depth. It is all that a robot or a model may see.
type Frame struct {
	Camera Camera
	RGB    []byte    // Height × Width × 3, row-major from the top left, sRGB
	Depth  []float32 // Height × Width, along cam z [m]; 0 means no return
}

// DepthAt is the depth of the pixel that px falls on [m]; 0 where there is no return or no pixel.
func (f *Frame) DepthAt(px Pixel) float32 {
	i, ok := px.Index(f.Camera.Width, f.Camera.Height)
	if !ok {
		return 0
	}
	return f.Depth[i]
}

// A Segmentation says which body each pixel shows. It is ground truth: for scoring and for the controls that are told the answer,
// never for a robot or a model under test.
type Segmentation struct {
	Width, Height int
	Bodies        []int32 // Height × Width: a body's id in the Model, 0 for the world's own geometry, -1 for nothing
}

// A Shot is a Frame and its ground truth. Its slices are reused by the next Render into the same Shot.
type Shot struct {
	Frame Frame
	Seg   Segmentation

	// Want is what the next Render into the Shot is asked for; 0 means all. What is not wanted holds anything afterwards, or nothing.
	Want Planes
}

// Planes are some of a Shot's pictures.
type Planes uint8

// The pictures of a Shot.
const (
	PlaneRGB Planes = 1 << iota
	PlaneDepth
	PlaneIDs
)

// Wants reports whether one of the pictures is asked for.
func (s *Shot) Wants(p Planes) bool { return s.Want == 0 || s.Want&p != 0 }

// A Renderer draws what a camera sees of a simulation. sim/render implements it. It is not safe for concurrent use: every worker
// has its own.
type Renderer interface {
	// Render draws d as it stands (positions as of the last Step or Forward) into shot, whose slices grow as needed.
	Render(d *Data, cam Camera, shot *Shot) error
	// Info names what draws, for records and for `refarena doctor`.
	Info() RendererInfo
	Close() error
}

// A RendererInfo identifies what draws: an OpenGL implementation, or the rasteriser on the CPU.
type RendererInfo struct {
	Vendor   string `json:"vendor"`
	Renderer string `json:"renderer"`
	Version  string `json:"version"`
	Software bool   `json:"software"` // drawn by the CPU
	// InsteadOf says what failed, and how, if another renderer has taken over; "" if none has.
	InsteadOf string `json:"instead_of,omitempty"`
}
