// Metallic-roughness shading under one distant key light with a shadow, and a sky above a ground.
uniform vec3 Eye;          // the camera's centre, in the world
uniform vec3 KeyDir;       // unit, towards the light
uniform vec3 KeyColor;     // linear
uniform vec3 Sky;
uniform vec3 Ground;
uniform mat4 WorldShadow;  // world to the shadow map's texels and depth, 0…1
uniform float ShadowTexel; // a texel's side in the world [m]
uniform sampler2D ShadowMap; // outside of it everything is lit

// lit is the part of the key light that reaches p, 0…1: percentage-closer filtering (Reeves et al. 1987) of the four nearest texels
// with bilinear weights. p is moved along its normal by about a texel, so that a surface doesn't shade itself.
float lit(vec3 p, vec3 n, float cosKey) {
	vec3 s = (WorldShadow * vec4(p + n * (ShadowTexel * (0.6 + 1.6 * (1.0 - cosKey))), 1.0)).xyz;
	vec2 low = floor(s.xy - 0.5);
	vec2 f = s.xy - 0.5 - low;
	ivec2 c = clamp(ivec2(low), 0, SHADOW_SIDE - 2); // the map's margin is lit
	vec4 stored = vec4(texelFetch(ShadowMap, c, 0).r, texelFetch(ShadowMap, c + ivec2(1, 0), 0).r,
	                   texelFetch(ShadowMap, c + ivec2(0, 1), 0).r, texelFetch(ShadowMap, c + ivec2(1, 1), 0).r);
	vec4 reached = step(min(s.z, 1.0), stored); // behind everything that casts a shadow, as far as the map goes
	vec2 row = mix(reached.xz, reached.yw, f.x);
	return mix(row.x, row.y, f.y);
}

// shade is the light that leaves p towards the eye, linear, on a scale on which a white matt surface under a unit of light is 1.
vec3 shade(vec3 p, vec3 n, vec3 albedo, float roughness, float metallic) {
	vec3 v = normalize(Eye - p);
	vec3 h = normalize(v + KeyDir);
	float nl = max(dot(n, KeyDir), 0.0);
	float nh = max(dot(n, h), 0.0);
	float lh = max(dot(KeyDir, h), 0.1);
	float nv = abs(dot(n, v));
	vec3 diffuse = albedo * (1.0 - metallic);
	vec3 f0 = mix(vec3(0.04), albedo, metallic);

	// Key light: Lambert, and GGX with the visibility and Fresnel terms folded into one quotient
	// (Zioma, "Optimizing PBR for Mobile", SIGGRAPH 2015).
	float a = max(roughness * roughness, 0.02);
	float d = nh * nh * (a * a - 1.0) + 1.0;
	float spec = a * a / (4.0 * d * d * lh * lh * (roughness + 0.5));
	vec3 color = (diffuse + f0 * spec) * KeyColor * (nl * lit(p, n, nl));

	// Ambient light: a hemisphere for the diffuse part; for the mirrored part the same hemisphere, sharper the smoother the surface,
	// weighted by the split-sum fit (Karis, "Physically Based Shading on Mobile", 2014).
	color += diffuse * mix(Ground, Sky, 0.5 + 0.5 * n.z);
	vec3 r = reflect(-v, n);
	float up = clamp(0.5 + 0.5 * r.z / mix(0.25, 1.0, roughness), 0.0, 1.0);
	vec4 k = roughness * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
	float a004 = min(k.x * k.x, exp2(-9.28 * nv)) * k.x + k.y;
	vec2 fit = vec2(-1.04, 1.04) * a004 + k.zw;
	color += (f0 * fit.x + fit.y) * mix(Ground, Sky, up);
	return color;
}

// encode takes linear light to sRGB. What is brighter than 0.8 is bent towards white instead of clipped; the transfer function is a
// fit by square roots above its straight beginning (error below 0.002), which costs less than a power.
vec3 encode(vec3 c) {
	vec3 over = max(c - 0.8, 0.0) / 0.2;
	c = min(c, 0.8) + 0.2 * over / (1.0 + over);
	vec3 s1 = sqrt(c);
	vec3 s2 = sqrt(s1);
	vec3 s3 = sqrt(s2);
	return max(12.92 * min(c, 0.0031308), 0.662002687 * s1 + 0.684122060 * s2 - 0.323583601 * s3 - 0.0225411470 * c);
}
