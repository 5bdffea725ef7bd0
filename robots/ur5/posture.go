package ur5

import "math"

// A Singularity is a configuration in which the flange cannot move, or turn, in some direction.
type Singularity string

// The three kinds of a UR arm; each is a factor of the Jacobian's determinant.
const (
	Shoulder Singularity = "shoulder" // p5, where the axes of wrist_2 and wrist_3 meet, is in the plane of the pan axis and the axis of the shoulder
	Elbow    Singularity = "elbow"    // stretched out or folded
	Wrist    Singularity = "wrist"    // the axes of wrist_1 and wrist_3 are parallel
)

// factors of the determinant: p5's distance from the plane of the pan and the lift axis [m], and the sines of elbow and wrist_2.
func factors(q Config) (shoulder, elbow, wrist float64) {
	return a2*math.Cos(q[1]) + a3*math.Cos(q[1]+q[2]) - d5*math.Sin(q[1]+q[2]+q[3]), math.Sin(q[2]), math.Sin(q[4])
}

// Manipulability is Yoshikawa's measure ("Manipulability of robotic mechanisms", IJRR 1985) at q: the absolute value of the Jacobian's
// determinant, which for this arm is a product [m³]. It is 0 in singular configurations and at most 0.15.
func Manipulability(q Config) float64 {
	shoulder, elbow, wrist := factors(q)
	return math.Abs(a2 * a3 * shoulder * elbow * wrist)
}

// Singularities appends to buf[:0] the kinds of singularity that q is within tolerance of: an angle for elbow and wrist [rad], for the shoulder
// the angle that p5's distance is seen at from 1 m.
func Singularities(q Config, tolerance float64, buf []Singularity) []Singularity {
	shoulder, elbow, wrist := factors(q)
	buf = buf[:0]
	if math.Abs(shoulder) <= tolerance {
		buf = append(buf, Shoulder)
	}
	if math.Abs(elbow) <= tolerance {
		buf = append(buf, Elbow)
	}
	if math.Abs(wrist) <= tolerance {
		buf = append(buf, Wrist)
	}
	return buf
}

const (
	limitRoom   = 0.35 // a joint this near to its limit begins to cost [rad]
	limitCost   = 0.1  // at the limit [rad]
	enough      = 0.01 // manipulability that costs nothing more [m³]
	singularity = 0.1  // cost of a singular configuration [rad]
)

// Posture is what it costs to be at q, in radians, to be weighed against how far it is from elsewhere: joints near their limits, and
// little manipulability. It is 0 in the middle of the workspace and at most 0.7.
func Posture(q Config) float64 {
	cost := singularity * (1 - min(Manipulability(q)/enough, 1))
	for i, a := range q {
		if room := min(a-Min[i], Max[i]-a); room < limitRoom {
			cost += limitCost * (1 - max(room, 0)/limitRoom)
		}
	}
	return cost
}
