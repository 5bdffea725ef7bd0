package scenes

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/refarena/refarena/sim"
)

// A Mount is what the caller brings into a scene: a robot, and what it wants to do there.
type Mount struct {
	Attach func(*sim.Spec) error // adds the robot at the world's origin; nil: no robot
	Home   func(*sim.Data) error // puts it into the posture that it holds while the scene settles, Ctrl included; nil: leaves it
	Accept func(*Layout) bool    // reports whether the caller has a use for the scene, as it is drawn; nil: any will do
	// Approve is Accept for a scene that has settled: it can be looked at. nil: any will do.
	Approve func(*Scene) (bool, error)
}

// A Scene is a settled table. Its Layout tells where everything came to rest.
type Scene struct {
	Layout
	Seed     uint64
	Model    *sim.Model
	Data     *sim.Data      // settled; the owner of the Scene is its one owner
	Rejected map[Reason]int // how many scenes were drawn and refused before this one, by reason
	Bodies   []int          // the ids of Objects' bodies in Model
}

// Close frees Data and Model. Snapshots and other Data of the Model must be closed before.
func (s *Scene) Close() {
	s.Data.Close()
	s.Model.Close()
}

// Generate draws scenes of the seed until one settles well, at most cfg.MaxTries, and fewer if none is what was asked for. The error says what was wrong with them, or that the
// configuration makes no sense, or what the mount reported. The caller closes the Scene.
func Generate(cfg Config, seed uint64, mount Mount) (*Scene, error) {
	draws := NewDraws(seed)
	rejected := map[Reason]int{}
	most, tries := cfg.withDefaults().MaxTries, 0
	for tries < most && (tries < hopeless || rejected[Unmatched] < tries) {
		tries++
		l, why, err := Draw(cfg, draws)
		if err != nil {
			return nil, err
		}
		if why == "" && mount.Accept != nil && !mount.Accept(l) {
			why = Unfit
		}
		if why == "" {
			s, reason, err := l.realize(mount)
			if err != nil {
				return nil, fmt.Errorf("scenes: seed %d: %w", seed, err)
			}
			if s != nil {
				s.Seed, s.Rejected = seed, rejected
				ok := true
				if mount.Approve != nil {
					ok, err = mount.Approve(s)
				}
				if ok && err == nil {
					return s, nil
				}
				s.Close()
				if err != nil {
					return nil, fmt.Errorf("scenes: seed %d: %w", seed, err)
				}
				reason = Unfit
			}
			why = reason
		}
		rejected[why]++
	}
	var counts []string
	for _, why := range slices.Sorted(maps.Keys(rejected)) {
		count := fmt.Sprintf("%d × %s", rejected[why], why)
		if why == Unmatched {
			count += ", mostly for want of " + draws.mostly()
		}
		counts = append(counts, count)
	}
	c := cfg.withDefaults()
	room := c.room(NewDraws(seed).setting(c))
	return nil, fmt.Errorf("scenes: seed %d: no scene of %d to %d objects on %.3f m² of table is good in %d tries (%s): "+
		"ask for fewer objects, a smaller gap, a larger zone or more designs", seed, c.MinObjects, c.MaxObjects, room, tries, strings.Join(counts, ", "))
}

// hopeless is after how many draws of which not one was what was asked for no more are made. It takes about a second.
const hopeless = 2000

// realize builds, compiles and settles a layout. The Scene is nil if it is no good.
func (l *Layout) realize(mount Mount) (*Scene, Reason, error) {
	s, f, err := l.settled(mount, false)
	return s, f.reason, err
}

// settled is realize with the whole finding. What is stored rests already; what is drawn has to be let down into hollow things first.
func (l *Layout) settled(mount Mount, stored bool) (*Scene, finding, error) {
	spec, err := l.Build()
	if err != nil {
		return nil, finding{}, err
	}
	defer spec.Close()
	if mount.Attach != nil {
		if err := mount.Attach(spec); err != nil {
			return nil, finding{}, err
		}
	}
	model, err := spec.Compile()
	if err != nil {
		return nil, finding{}, err
	}
	data, err := sim.NewData(model)
	if err != nil {
		model.Close()
		return nil, finding{}, err
	}
	s := &Scene{Layout: *l, Model: model, Data: data}
	s.Objects = slices.Clone(l.Objects)
	f, err := s.settle(mount, stored)
	if err != nil || f.reason != "" {
		s.Close()
		return nil, f, err
	}
	return s, f, nil
}

func (s *Scene) settle(mount Mount, stored bool) (finding, error) {
	if mount.Home != nil {
		if err := mount.Home(s.Data); err != nil {
			return finding{}, err
		}
		if err := s.Data.Forward(); err != nil {
			return finding{}, err
		}
	}
	var err error
	if s.Bodies, err = s.Layout.bodies(s.Model); err != nil {
		return finding{}, err
	}
	if !stored {
		if err := s.letDown(s.Data, s.Bodies); err != nil {
			return finding{}, fmt.Errorf("scenes: settle: %w", err)
		}
	}
	return settle(s.Data, &s.Layout)
}

// RestsOn reports whether the object's place is on or in the object support, as data has them: its origin above the flat surface (its centre
// of mass within the opening of a hollow one, where it may lie anyhow), its lowest point on that surface (within the hollow). Whether it touches, is released and at rest is for the
// caller to see.
func (s *Scene) RestsOn(data *sim.Data, object, support int) bool {
	on := s.Objects[support].Design
	if on.Support == nil || object == support {
		return false
	}
	return restsOn(&s.Objects[object], data.BodyPose(s.Bodies[support]).Inv().Mul(data.BodyPose(s.Bodies[object])), on)
}

func restsOn(p *Placed, tSupportObj sim.Pose, support *Design) bool {
	const above, below = 0.005, 0.003 // [m]
	on := support.Support
	area, ceiling, at := on.Area, on.Z+above, tSupportObj.Pos
	if on.hollow() {
		area, ceiling, at = on.Opening, on.Z+on.Depth, tSupportObj.Apply(p.Design.centreOfMass())
	}
	low := p.Design.Lowest(tSupportObj)
	return low > on.Z-below && low < ceiling && area.Contains(at[0], at[1])
}

// Stands reports whether the object is as upright as it has to be for its kind: a can that lies does not stand, an apple always does.
func (s *Scene) Stands(data *sim.Data, object int) bool {
	const tilt = 0.35 // [rad], 20°
	return !s.Objects[object].Design.Upright || data.BodyPose(s.Bodies[object]).Axis(2)[2] > math.Cos(tilt)
}
