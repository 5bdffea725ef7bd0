package scenes

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/refarena/refarena/sim"
)

// A scene file holds a settled layout as YAML: setting, objects and where they came to rest. It is for scenes made by hand or kept because
// of what happened in them; drawn ones are named by Config and seed. What is in it is settled again by Load.

// sceneVersion is the version of the format.
const sceneVersion = 1

// A storedScene is a scene file. Every field but wall and on is needed.
type storedScene struct {
	Scene   int            `yaml:"scene"` // the format's version
	Seed    uint64         `yaml:"seed"`
	Premise storedPremise  `yaml:"premise"`
	Setting storedSetting  `yaml:"setting"`
	Objects []storedObject `yaml:"objects"`
}

// A storedPremise is what has to hold of the settled scene, besides that each object rests where the file says, on what it says.
type storedPremise struct {
	Zone       []float64 `yaml:"zone,flow"`   // x from, to, y from, to [m]: outlines on the first table
	Reach      []float64 `yaml:"reach,flow"`  // … middles of what is to be picked up
	MinVisible float64   `yaml:"min_visible"` // 0…1, of each object
}

type storedSetting struct {
	Tables []storedTable `yaml:"tables"`
	Floor  string        `yaml:"floor"`
	Wall   string        `yaml:"wall,omitempty"`
	Light  storedLight   `yaml:"light"`
	View   storedView    `yaml:"view"`
}

type storedTable struct {
	Top    []float64 `yaml:"top,flow"` // x from, to, y from, to [m]
	Z      float64   `yaml:"z"`
	Finish string    `yaml:"finish"`
	Frame  string    `yaml:"frame"`
}

type storedLight struct {
	KeyDir     []float64 `yaml:"key_dir,flow"`
	KeyColor   []float64 `yaml:"key_color,flow"`
	Sky        []float64 `yaml:"sky,flow"`
	Ground     []float64 `yaml:"ground,flow"`
	Background []float64 `yaml:"background,flow"`

	KeyAngle     float64   `yaml:"key_angle,omitempty"` // [rad]
	Exposure     float64   `yaml:"exposure,omitempty"`  // [EV]
	WhiteBalance []float64 `yaml:"white_balance,flow,omitempty"`
}

type storedView struct {
	Eye     []float64 `yaml:"eye,flow"`
	Target  []float64 `yaml:"target,flow"`
	FovyDeg float64   `yaml:"fovy_deg"`
}

type storedObject struct {
	Name   string    `yaml:"name"`
	Design string    `yaml:"design"`
	Color  string    `yaml:"color"`
	On     string    `yaml:"on,omitempty"`
	Pos    []float64 `yaml:"pos,flow"`  // p_world_obj [m]
	Quat   []float64 `yaml:"quat,flow"` // q_world_obj, wxyz
}

func (z Zone) array() []float64      { return []float64{z.MinX, z.MaxX, z.MinY, z.MaxY} }
func quatArray(q sim.Quat) []float64 { return []float64{q.W, q.V[0], q.V[1], q.V[2]} }

// colorArray keeps colours short: float32 with four digits.
func colorArray(c [3]float32) []float64 {
	var out []float64
	for _, x := range c {
		out = append(out, math.Round(1e4*float64(x))/1e4)
	}
	return out
}

func zoneOf(a []float64) Zone         { return Zone{a[0], a[1], a[2], a[3]} }
func colorOf(a []float64) [3]float32  { return [3]float32{float32(a[0]), float32(a[1]), float32(a[2])} }
func quatOf(a []float64) (q sim.Quat) { return sim.Quat{W: a[0], V: sim.Vec3(a[1:4])} }

// Encode is the scene as a scene file.
func (s *Scene) Encode() ([]byte, error) {
	cfg := s.Config.withDefaults()
	set := s.Setting
	light, view := cmp.Or(set.Light, sim.DefaultEnvironment()), cmp.Or(set.View, defaultView)
	out := storedScene{
		Scene: sceneVersion, Seed: s.Seed,
		Premise: storedPremise{Zone: cfg.Zone.array(), Reach: cfg.Reach.array(), MinVisible: cfg.MinVisible},
		Setting: storedSetting{
			Floor: cmp.Or(set.Floor, floors[0].name), Wall: set.Wall,
			Light: storedLight{
				light.KeyDir[:], colorArray(light.KeyColor), colorArray(light.Sky), colorArray(light.Ground), colorArray(light.Background),
				light.KeyAngle, light.Exposure, nil,
			},
			View: storedView{view.Eye[:], view.Target[:], view.FovyDeg},
		},
	}
	if light.WhiteBalance != ([3]float32{}) {
		out.Setting.Light.WhiteBalance = colorArray(light.WhiteBalance)
	}
	for _, t := range set.tables() {
		out.Setting.Tables = append(out.Setting.Tables,
			storedTable{t.Top.array(), t.Z, cmp.Or(t.Finish, "oak"), cmp.Or(t.Frame, "graphite")})
	}
	for _, p := range s.Objects {
		out.Objects = append(out.Objects, storedObject{
			Name: p.Name, Design: p.Design.Name, Color: p.Color.Name, On: p.On, Pos: slices.Clone(p.TWorldObj.Pos[:]), Quat: quatArray(p.TWorldObj.Rot),
		})
	}
	text, err := yaml.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("scenes: encode: %w", err)
	}
	return text, nil
}

// IsSceneFile reports whether a YAML file is meant as a scene file, not, say, as a suite: whether it has a setting.
func IsSceneFile(text []byte) bool {
	var in struct {
		Setting any `yaml:"setting"`
	}
	return yaml.Unmarshal(text, &in) == nil && in.Setting != nil
}

// Parse reads a scene file, strictly: an unknown key or name, a number that makes no sense and an object on something that is not there
// are errors that name the line or the object. name is the file's, for errors. The scene is not settled yet: see Load.
func Parse(name string, text []byte) (*Layout, uint64, error) {
	fail := func(field, format string, args ...any) (*Layout, uint64, error) {
		return nil, 0, fmt.Errorf("scenes: scene %s: %w", name, Locate(text, At(field, fmt.Errorf(format, args...))))
	}
	var in storedScene
	if err := DecodeYAML(text, &in); err != nil {
		return nil, 0, fmt.Errorf("scenes: scene %s: %w", name, err)
	}
	switch {
	case in.Scene != sceneVersion:
		return fail("scene", "format %d (have %d)", in.Scene, sceneVersion)
	case len(in.Objects) == 0 || len(in.Objects) > maxObjects:
		return fail("objects", "%d objects (want 1…%d)", len(in.Objects), maxObjects)
	case len(in.Setting.Tables) == 0:
		return fail("setting.tables", "no tables (want 1 or 2)")
	}
	if field, err := in.checkLengths(); err != nil {
		return fail(field, "%w", err)
	}
	v, e := in.Setting.View, in.Setting.Light
	l := &Layout{
		Config: Config{
			MinObjects: len(in.Objects), MaxObjects: len(in.Objects),
			Zone: zoneOf(in.Premise.Zone), Reach: zoneOf(in.Premise.Reach), MinVisible: in.Premise.MinVisible,
		},
		Setting: Setting{
			Floor: in.Setting.Floor, Wall: in.Setting.Wall,
			Light: sim.Environment{
				KeyDir: sim.Vec3(e.KeyDir), KeyColor: colorOf(e.KeyColor), Sky: colorOf(e.Sky), Ground: colorOf(e.Ground), Background: colorOf(e.Background),
				KeyAngle: e.KeyAngle, Exposure: e.Exposure,
			},
			View: View{sim.Vec3(v.Eye), sim.Vec3(v.Target), v.FovyDeg},
		},
	}
	if len(e.WhiteBalance) > 0 {
		l.Setting.Light.WhiteBalance = colorOf(e.WhiteBalance)
	}
	for _, t := range in.Setting.Tables {
		l.Setting.Tables = append(l.Setting.Tables, Table{zoneOf(t.Top), t.Z, t.Finish, t.Frame})
	}
	if err := l.Setting.Validate(); err != nil {
		return fail("setting", "%w", err)
	}
	if z := l.Config.Zone.meet(l.Config.Reach); z.empty() || !(in.Premise.MinVisible > 0 && in.Premise.MinVisible <= 1) {
		return fail("premise", "the premise's zone %v and reach %v have nothing in common, or min_visible %g is not in 0…1",
			in.Premise.Zone, in.Premise.Reach, in.Premise.MinVisible)
	}
	for i, o := range in.Objects {
		field := fmt.Sprintf("objects[%d]", i)
		p := Placed{Name: o.Name, On: o.On, TWorldObj: sim.Pose{Pos: sim.Vec3(o.Pos), Rot: quatOf(o.Quat)}}
		var err error
		if p.Design, err = Find(o.Design); err != nil {
			return fail(field+".design", "object %q: %w", o.Name, err)
		}
		if p.Color, err = FindColor(o.Color); err != nil {
			return fail(field+".color", "object %q: %w", o.Name, err)
		}
		switch size := p.TWorldObj.Rot.Len(); {
		case o.Name == "" || isTable(o.Name) || o.Name == "world" || strings.Contains(o.Name, "/"):
			return fail(field+".name", "an object called %q (want a name of its own, without a slash)", o.Name)
		case l.named(o.Name) >= 0:
			return fail(field+".name", "two objects called %q", o.Name)
		case !(math.Abs(size-1) < 1e-3):
			return fail(field+".quat", "object %q: a quaternion of length %g (want 1)", o.Name, size)
		case !(p.TWorldObj.Pos.Len() < 10):
			return fail(field+".pos", "object %q: at %v m (want a place on a table)", o.Name, o.Pos)
		}
		p.TWorldObj.Rot = p.TWorldObj.Rot.Normalize()
		l.Objects = append(l.Objects, p)
	}
	for i := range l.Objects {
		p := &l.Objects[i]
		on, field := l.Under(i), fmt.Sprintf("objects[%d].on", i)
		switch {
		case p.On != "" && on < 0:
			return fail(field, "object %q: no object %q to be on (have %s)", p.Name, p.On, strings.Join(l.names(), ", "))
		case on >= 0 && l.Objects[on].Design.Support == nil:
			return fail(field, "object %q: on %q, which cannot carry anything", p.Name, p.On)
		case l.depth(i) >= len(l.Objects):
			return fail(field, "object %q: is on %q, which is on it", p.Name, p.On)
		}
	}
	return l, in.Seed, nil
}

// checkLengths says which list of numbers is too short or too long, or has one that is not finite, and which field of the file it is.
func (in *storedScene) checkLengths() (field string, err error) {
	type list struct {
		field, name string
		values      []float64
		want        int
	}
	v, e := in.Setting.View, in.Setting.Light
	var lists []list
	add := func(field, name string, want int, values ...float64) {
		lists = append(lists, list{field, name, values, want})
	}
	add("premise.zone", "premise: zone", 4, in.Premise.Zone...)
	add("premise.reach", "premise: reach", 4, in.Premise.Reach...)
	add("setting.light.key_dir", "light: key_dir", 3, e.KeyDir...)
	add("setting.light.key_color", "light: key_color", 3, e.KeyColor...)
	add("setting.light.sky", "light: sky", 3, e.Sky...)
	add("setting.light.ground", "light: ground", 3, e.Ground...)
	add("setting.light.background", "light: background", 3, e.Background...)
	add("setting.view.eye", "view: eye", 3, v.Eye...)
	add("setting.view.target", "view: target", 3, v.Target...)
	if e.WhiteBalance != nil {
		add("setting.light.white_balance", "light: white_balance", 3, e.WhiteBalance...)
	}
	add("setting.light", "light: key_angle, exposure", 2, e.KeyAngle, e.Exposure)
	for i, t := range in.Setting.Tables {
		add(fmt.Sprintf("setting.tables[%d].top", i), fmt.Sprintf("table %d: top", i+1), 4, t.Top...)
	}
	for i, o := range in.Objects {
		add(fmt.Sprintf("objects[%d].pos", i), fmt.Sprintf("object %q: pos", o.Name), 3, o.Pos...)
		add(fmt.Sprintf("objects[%d].quat", i), fmt.Sprintf("object %q: quat", o.Name), 4, o.Quat...)
	}
	for _, l := range lists {
		if len(l.values) != l.want {
			return l.field, fmt.Errorf("%s: %d numbers (want %d)", l.name, len(l.values), l.want)
		}
		for _, x := range l.values {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return l.field, fmt.Errorf("%s: %g (want finite numbers)", l.name, x)
			}
		}
	}
	return "", nil
}

func (l *Layout) names() []string {
	var out []string
	for _, p := range l.Objects {
		out = append(out, p.Name)
	}
	return out
}

// How far an object may move while a stored scene settles again.
const (
	maxResettle     = 0.002 // [m]
	maxResettleTurn = 0.02  // [rad]
)

// Load reads a scene file and settles it again, with the mount's robot. A scene whose premise no longer holds, since an engine or a
// design has changed, is refused: the error names it, the object and the figure. name is the file's, for errors. The caller closes the Scene.
func Load(name string, text []byte, mount Mount) (*Scene, error) {
	l, seed, err := Parse(name, text)
	if err != nil {
		return nil, err
	}
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("scenes: scene %s: its premise no longer holds: %s", name, fmt.Sprintf(format, args...))
	}
	if mount.Accept != nil && !mount.Accept(l) {
		return nil, refuse("%s: the caller has no use for it", Unfit)
	}
	s, f, err := l.settled(mount, true)
	switch {
	case err != nil:
		return nil, fmt.Errorf("scenes: scene %s: %w", name, err)
	case f.reason != "":
		return nil, refuse("%s", f)
	}
	s.Seed, s.Rejected = seed, map[Reason]int{}
	for i := range s.Objects {
		pos, angle := l.Objects[i].TWorldObj.Distance(s.Objects[i].TWorldObj)
		if s.Objects[i].Design.Rolls {
			angle = 0
		}
		if pos > maxResettle || angle > maxResettleTurn {
			s.Close()
			return nil, refuse("%s: the %s comes to rest %.1f mm and %.3f rad from where it was (at most %g and %g)",
				Moved, s.Objects[i].Name, 1000*pos, angle, 1000*maxResettle, maxResettleTurn)
		}
	}
	return s, nil
}

// Hash is the SHA-256, in hexadecimal, of all that the scene is: setting, objects and the bits of their state. Equal scenes of one
// machine have equal hashes; bits do not travel to another type of CPU.
func (s *Scene) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %+v\n", s.Seed, s.Setting)
	for _, p := range s.Objects {
		fmt.Fprintf(h, "%q %q %q %q\n", p.Name, p.Design.Name, p.Color.Name, p.On)
	}
	s.Data.Hash(h)
	return hex.EncodeToString(h.Sum(nil))
}
